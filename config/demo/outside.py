"""What stands outside the product in a demo, as the story meets it: sandbox, SMS, till, screens."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
from websockets.sync.client import ClientConnection, connect

from config.demo.visitor import TIMEOUT, Unexpected, Visitor

T = TypeVar("T")

PATIENCE = 25.0
_PAUSE = 0.15


def until(ask: Callable[[], T | None], what: str, *, seconds: float = PATIENCE) -> T:
    """Ask until the answer is something. Raises Unexpected, naming what was waited for."""
    begun = time.monotonic()
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() - begun > seconds:
            raise Unexpected(f"waited {seconds:.0f} s for {what}")
        time.sleep(_PAUSE)


class World:
    """The sandbox's control API."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.base = f"{environment['SANDBOX_URL']}/sandbox/control/api"

    def act(self, name: str, /, **body: Any) -> dict[str, Any]:
        """Let somebody in the simulated world do something. Raises Unexpected when refused."""
        response = requests.post(f"{self.base}/acts/{name}", json=body, timeout=TIMEOUT)
        return self._answer(response)

    def see(self, path: str, /, **query: str) -> dict[str, Any]:
        """Look at the simulated world's own truth."""
        return self._answer(requests.get(f"{self.base}/{path}", params=query, timeout=TIMEOUT))

    def messages(self, customer: str, source: str = "") -> list[dict[str, Any]]:
        """What reached a customer, oldest first; of one source, or all."""
        found = self.see(f"state/customer/{customer}", limit="200")["messages"]
        return [message for message in found if not source or message["source"] == source]

    def _answer(self, response: requests.Response) -> dict[str, Any]:
        answer: dict[str, Any] = response.json()
        if not response.ok:
            raise Unexpected(f"{response.url}: {answer.get('error', response.status_code)}")
        return answer


def sms_code(environment: Mapping[str, str], phone: str) -> str:
    """The digits of the newest message to a phone."""

    def newest() -> str | None:
        response = requests.get(
            f"{environment['SMS_URL']}/messages", params={"phone": phone}, timeout=TIMEOUT
        )
        messages = response.json()["messages"]
        found = re.search(r"\d{6}", messages[-1]["text"]) if messages else None
        return found.group() if found else None

    return until(newest, f"a message to {phone}")


class Till:
    """A till with its key."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.url = f"{environment['BASE_URL']}/api/v1/purchases/"
        self.headers = {"Authorization": f"Bearer {environment['TILL_KEY']}"}

    def report(self, receipt: Mapping[str, Any]) -> dict[str, Any]:
        """Post one receipt. Raises Unexpected unless the product took it."""
        response = requests.post(self.url, json=receipt, headers=self.headers, timeout=TIMEOUT)
        if not response.ok:
            raise Unexpected(f"the till was refused: {response.status_code} {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer


def live_screen(visitor: Visitor) -> ClientConnection:
    """The websocket of a signed-in guide's iPad."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.http.cookies)
    return connect(
        visitor.base.replace("http", "ws", 1) + "/ws/tablet/",
        additional_headers={"Cookie": cookies, "Origin": visitor.base},
    )
