"""`GET /health`: is this process alive?"""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 without asking anything of the database, Redis or Stripe."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
