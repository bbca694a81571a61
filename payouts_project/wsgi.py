"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payouts_project.settings")

application = get_wsgi_application()

from stripe_io import installation  # noqa: E402 (needs the apps)

installation.verify()
