"""Headers of the API's answers against misuse."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from web import problems


class ApiHeaders:
    """Tell browsers that nothing of the API's answers is a page, a frame or a script."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        if request.path.startswith(problems.API):
            response.headers.setdefault(
                "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
            )
        return response
