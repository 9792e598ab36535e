"""Calls that carry no access token: a robot's address is its own secret, a page's code too."""

from __future__ import annotations

from typing import Any

import requests

from wecom.gateway.answers import Answer
from wecom.gateway.client import _failure
from wecom.gateway.codes import error_of
from wecom.gateway.errors import Misdirected, Silent
from wecom.gateway.transport import new_session


def ask(api: str, method: str, url: str, **how: Any) -> Answer:
    """One exchange, never repeated. `api` names it in errors, since the address is secret.

    Raises WecomError; one with Retry.ASK may have taken effect.
    """
    try:
        with new_session() as session:
            response = session.request(method, url, **how)
    except requests.RequestException as error:
        raise _failure(api, error) from None
    if response.status_code >= 400:
        status = f"HTTP {response.status_code}"
        raise (Misdirected if response.status_code < 500 else Silent)(None, status, api=api)
    try:
        found = Answer(response.json(), api)
    except (ValueError, RecursionError):
        raise Silent(None, "not JSON", api=api) from None
    code = found.number("errcode")
    if code:
        raise error_of(code, found.text("errmsg"), api=api)
    return found
