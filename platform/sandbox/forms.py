"""Decode bodies and queries into one shape: nested mappings whose leaves are strings.

Lists stay mappings of positions here, since only the endpoint's schema knows whether `a[0]` is the first of a
list or the key "0" of a hash.
"""

import json
import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from sandbox.errors import InvalidRequest

Value: TypeAlias = "str | Form"
Form: TypeAlias = "dict[str, Value]"

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode_form(encoded: str) -> Form:
    """Decode `a[b]=c&d[0]=e&f[]=g`, as Stripe's clients encode it."""
    form: Form = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        _put(form, name, value)
    return form


def decode_json(encoded: str) -> Form:
    """Decode a JSON object into the same shape as a form."""
    try:
        value = json.loads(encoded or "{}")
    except ValueError:
        raise InvalidRequest("Invalid request: the body is not JSON") from None
    form = _form(value)
    if isinstance(form, str):
        raise InvalidRequest("Invalid request: the body is not an object")
    return form


def _put(form: Form, name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    if not match:
        raise InvalidRequest(f"Invalid parameter name: {name}")
    keys = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    for key in keys[:-1]:
        below = form.setdefault(key, {})
        if isinstance(below, str):
            raise InvalidRequest(f"Invalid parameter: {name} is both a value and a hash", param=name)
        form = below
    form[keys[-1] or str(len(form))] = value


def _form(value: object) -> Value:
    if isinstance(value, dict):
        return {key: _form(below) for key, below in value.items()}
    if isinstance(value, list):
        return {str(position): _form(below) for position, below in enumerate(value)}
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
