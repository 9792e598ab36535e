"""The way to a phone: an interface, and the gateway behind HTTP that stands in every house.

A gateway takes `POST <url>/send` with {"phone", "text", "request_id"}; the same request id again
sends nothing. Another vendor is another class with one method.
"""

from __future__ import annotations

from typing import Protocol

import requests
from django.conf import settings

# Connecting, then waiting for an answer; a customer stands at the counter meanwhile.
_TIMEOUTS = (2.0, 5.0)


class SmsFailed(Exception):
    """The gateway did not take the message; asking again with the same request id is safe."""


class SmsGateway(Protocol):
    """Something that sends a text to a phone."""

    def send(self, *, phone: str, text: str, request_id: str) -> None:
        """Raises SmsFailed when the message was not taken for sure."""


class HttpSmsGateway:
    """A gateway of our own shape behind HTTP."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key

    def send(self, *, phone: str, text: str, request_id: str) -> None:
        try:
            answer = requests.post(
                f"{self._url}/send",
                json={"phone": phone, "text": text, "request_id": request_id},
                headers={"Authorization": f"Bearer {self._key}"},
                timeout=_TIMEOUTS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise SmsFailed(type(error).__name__) from error
        if answer.status_code != requests.codes.ok:
            raise SmsFailed(f"status {answer.status_code}")


def sms_gateway() -> SmsGateway:
    """The gateway of this deployment. Raises SmsFailed when none is configured."""
    if not settings.SMS_GATEWAY_URL:
        raise SmsFailed("SMS_GATEWAY_URL is not set")
    return HttpSmsGateway(settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_KEY)
