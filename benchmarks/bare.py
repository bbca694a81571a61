"""The service with one more address: a bare view, which answers with the rows of one indexed query."""

from django.conf import settings
from django.db.models import Subquery
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from payouts_project.wsgi import application  # first: it sets Django up

# isort: split
from accounts.endpoints import CreatorEndpoint
from accounts.models import Creator
from payouts.models import Payout
from payouts_project import urls

__all__ = ["application"]

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
