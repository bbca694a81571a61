"""A person's browser, as far as the sandbox's pages need one."""

import http.client
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit


@dataclass(frozen=True)
class Answer:
    """`location` is where the browser would go next: away from the sandbox."""

    status: int
    location: str
    headers: dict[str, str]
    body: str


class Browser:
    """Follows links, without a key, as long as they stay on one site; `url` is where it is."""

    url = ""

    def follow(self, url: str) -> Answer:
        return self._ask("GET", url)

    def choose(self, end: str) -> Answer:
        """Press one of the buttons on the onboarding page."""
        return self._ask("POST", self.url, f"end={end}")

    def _ask(self, method: str, url: str, body: str = "") -> Answer:
        self.url = url
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, parts._replace(scheme="", netloc="").geturl(), body, headers)
        response = connection.getresponse()
        told = dict(response.getheaders())
        answer = Answer(response.status, told.get("Location", ""), told, response.read().decode())
        connection.close()
        return self._ask("GET", urljoin(url, answer.location)) if answer.location.startswith("/") else answer
