"""What the home page asks for: a new forecast, and how far the last run has come."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.home import runs
from database import sql
from payouts import selectors as payouts
from payouts.services.deciding import forecasts
from stripe_io.errors import StripeCallFailed


@require_POST
def refresh_forecast(request: HttpRequest) -> HttpResponse:
    """Make the forecast of the next run again. It moves nothing: beat does the same each night."""
    try:
        forecasts.make_forecast(now=sql.now())
    except StripeCallFailed as failed:
        messages.error(request, f"The balance at Stripe can't be read: {failed}")
    else:
        messages.success(request, "The forecast of the next run is up to date.")
    return HttpResponseRedirect(reverse("admin:index"))


def show_last_run(request: HttpRequest) -> HttpResponse:
    """Render the card of the last run, which asks for itself again while the run is being sent."""
    now = sql.now()
    run = payouts.last_run()
    last = runs.last_run(run, payouts.troubled_payouts(run), now=now) if run else None
    return render(request, "console/home/last_run.html", {"last": last})
