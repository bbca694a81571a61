"""`POST /webhooks/stripe`."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from stripe_io import services, verification
from stripe_io.errors import EventRefused, SignatureRefused


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest) -> HttpResponse:
    """Answer 200 once the event is stored, 400 if it isn't Stripe's word to us; store nothing then.

    Stripe is not called here; a failure to store is a 500, so that Stripe sends the event again.
    """
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = verification.verified_event(body=request.body, signature=signature)
    except (SignatureRefused, EventRefused) as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain")
    services.store_event(event)
    return HttpResponse(status=200)
