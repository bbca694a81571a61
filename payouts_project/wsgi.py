"""The WSGI application that granian serves."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

from payouts_project import configuration

# There is only one settings file, whatever the shell's environment says.
os.environ["DJANGO_SETTINGS_MODULE"] = "payouts_project.settings"
configuration.serves_web = True

django = get_wsgi_application()

from stripe_io import installation  # noqa: E402 (needs the apps)

installation.verify()
connections.close_all()  # this thread handles no requests


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Handle a request. A chunked body gets a length, without which Django wouldn't read it."""
    if environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in environ:
        environ.setdefault("CONTENT_LENGTH", str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    return django(environ, start_response)
