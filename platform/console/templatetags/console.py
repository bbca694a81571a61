"""`{{ value|show }}`: values in templates as they show everywhere else."""

from django import template

from database.display import show

register = template.Library()
register.filter("show", show)
