#!/usr/bin/env python
"""Run Django's management commands."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # There is one settings file, whatever the shell is set for.
    os.environ["DJANGO_SETTINGS_MODULE"] = "payouts_project.settings"
    execute_from_command_line(sys.argv)
