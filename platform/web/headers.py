"""Security headers of the API's responses."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from web import problems


class ApiHeaders:
    """Tell browsers that the API's responses are never pages, frames or scripts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(problems.API):
            response.headers.setdefault(
                "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
            )
        return response
