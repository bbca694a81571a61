"""The service with one more address: a bare view, which answers with the rows of one indexed query."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payouts_project.settings")
django.setup()

from django.conf import settings  # noqa: E402 (Django is set up by now)
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db.models import Subquery  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from accounts.endpoints import CreatorEndpoint  # noqa: E402
from accounts.models import Creator  # noqa: E402
from payouts.models import Payout  # noqa: E402
from payouts_project import urls  # noqa: E402

ROWS = 25


class Bare(CreatorEndpoint):
    def list(self, request: Request) -> Response:
        creator = Creator.objects.filter(external_id=self.creator_id).values("pk")
        rows = Payout.objects.filter(creator=Subquery(creator)).order_by("-created_at", "-pk")
        return Response(list(rows.values()[:ROWS]))


settings.ROOT_URLCONF = __name__
# Counted, as in the service, but never refused.
settings.REQUESTS_PER_MINUTE = dict.fromkeys(settings.REQUESTS_PER_MINUTE, 2**31)
urlpatterns = [path("api/v1/bare", Bare.as_view({"get": "list"})), *urls.urlpatterns]
handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler500 = urls.handler500
application = get_wsgi_application()
