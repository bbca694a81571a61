import pytest

from sandbox.errors import StripeError
from sandbox.forms import Form, decode_form, decode_json


@pytest.mark.parametrize(
    ("encoded", "form"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=", {"a": ""}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[b][c]=1", {"a": {"b": {"c": "1"}}}),
        ("a[0]=x&a[1]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[]=x&a[]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[0][b]=1&a[1][b]=2", {"a": {"0": {"b": "1"}, "1": {"b": "2"}}}),
        ("a%5Bb%5D=%C3%A9+%26", {"a": {"b": "é &"}}),
        ("a=1&a=2", {"a": "2"}),
    ],
)
def test_a_form_becomes_nested_mappings(encoded: str, form: Form) -> None:
    assert decode_form(encoded) == form


@pytest.mark.parametrize("encoded", ["[a]=1", "a[b=1", "a[b]c=1", "a[[b]]=1", "a=1&a[b]=2"])
def test_an_invalid_form_is_a_bad_request(encoded: str) -> None:
    with pytest.raises(StripeError):
        decode_form(encoded)


def test_json_becomes_what_its_form_would_be() -> None:
    encoded = '{"a": {"b": 1, "c": [true, null]}, "d": "x", "e": 0.5}'
    assert decode_json(encoded) == decode_form("a[b]=1&a[c][0]=true&a[c][1]=&d=x&e=0.5")


@pytest.mark.parametrize("encoded", ["{", "[1]x", '"a"', "3"])
def test_json_that_is_not_an_object_is_a_bad_request(encoded: str) -> None:
    with pytest.raises(StripeError):
        decode_json(encoded)
