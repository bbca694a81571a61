"""`POST /webhooks/stripe`."""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from stripe_io import receiving
from stripe_io.errors import BodyTooLarge, SignatureRefused


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest) -> HttpResponse:
    """Answer 200 once what came is stored, as an event or set aside; 400 if Stripe didn't sign it for us.

    Stripe is not called here; a failure to store is a 500, so that Stripe sends the event again. Of a body that is
    larger than any event nothing is read, and so nothing is known: 413.
    """
    try:
        receiving.receive(body=_body(request), signature=request.headers.get("Stripe-Signature", ""))
    except BodyTooLarge as refusal:
        return _refused(refusal, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except SignatureRefused as refusal:
        return _refused(refusal, status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(status=HTTPStatus.OK)


def _body(request: HttpRequest) -> bytes:
    """Read the body up to a limit of its own, as Django's is for forms.

    Raises: BodyTooLarge.
    """
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > settings.WEBHOOK_MAX_BYTES:
        raise BodyTooLarge(
            f"no event of Stripe's is larger than {settings.WEBHOOK_MAX_BYTES:,} bytes; this one is {announced:,}"
        )
    body: bytes = request.read()
    return body


def _refused(refusal: Exception, *, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(str(refusal), status=status, content_type="text/plain")
