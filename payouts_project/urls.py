"""All URLs of the service."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from payouts_project import problems
from payouts_project.health import live, ready
from payouts_project.logins import LogIn
from payouts_project.metrics import metrics
from payouts_project.schema import DocsView, SchemaView
from stripe_io.views import receive_webhook

urlpatterns = [
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("accounts.api")),
    path("api/v1/", include("earnings.api")),
    path("api/v1/", include("payouts.api")),
    path("api/v1/", include("revenue.api")),
    re_path("^api(?:/|$)", problems.no_such_endpoint),
    path("health", live),
    path("health/ready", ready),
    path("metrics", metrics),
    path("webhooks/stripe", receive_webhook),
    path("admin/login/", LogIn.as_view()),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
