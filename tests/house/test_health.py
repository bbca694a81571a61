"""What a load balancer asks, without a token."""

from django.test import Client


def test_health_answers_without_touching_the_database() -> None:
    answer = Client().get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
