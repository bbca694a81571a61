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
    """Answer 200 once the body is stored, as an event or set aside; 400 if Stripe didn't sign it for us.

    Stripe isn't called here. If storing fails, the answer is 500, so that Stripe sends the event again. A body larger
    than any event isn't read at all: 413.
    """
    try:
        receiving.receive(body=_body(request), signature=request.headers.get("Stripe-Signature", ""))
    except BodyTooLarge as refusal:
        return _refused(refusal, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except SignatureRefused as refusal:
        return _refused(refusal, status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(status=HTTPStatus.OK)


def _body(request: HttpRequest) -> bytes:
    """Read the body up to its own limit, because Django's limit is for forms.

    Raises: BodyTooLarge.
    """
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.WEBHOOK_MAX_BYTES:
        raise BodyTooLarge(f"the body has {length:,} bytes; the limit is {settings.WEBHOOK_MAX_BYTES:,}")
    body: bytes = request.read()
    return body


def _refused(refusal: Exception, *, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(str(refusal), status=status, content_type="text/plain")
