"""The outside world of a test: a sandbox of WeCom as a process, and a phone that gets messages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from django.conf import settings

from stores.org.models import Guide


@dataclass
class WechatWorld:
    """The sandbox of one test run, spoken to as its people and its operator."""

    base: str

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self.base}/sandbox/control/api/{path}"
        answer = httpx.get(url) if body is None else httpx.post(url, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def begin(self, *guides: Guide, open_platform_bound: bool = True) -> None:
        """An empty world with these guides, our application and our service account."""
        self.control("reset", {})
        self.control(
            "seed",
            {
                "corp_id": settings.WECOM_CORP_ID,
                "open_platform_bound": open_platform_bound,
                "service_account": {
                    "app_id": settings.WECHAT_APP_ID,
                    "secret": settings.WECHAT_APP_SECRET,
                },
                "apps": [
                    {
                        "name": "main",
                        "agent_id": settings.WECOM_APPS["main"]["agent_id"],
                        "secret": settings.WECOM_APPS["main"]["secret"],
                        "events": [],
                    }
                ],
                "departments": [{"id": 1, "name": "总部"}],
                "members": [
                    {"userid": guide.wecom_userid, "name": guide.name, "department": [1]}
                    for guide in guides
                ],
            },
        )

    def customer(self, name: str, external_userid: str) -> dict[str, Any]:
        """A person with WeChat; answers what WeChat knows of her."""
        made = self.control(
            "acts/create_customer", {"name": name, "external_userid": external_userid}
        )
        found: dict[str, Any] = made["customer"]
        return found

    def befriend(self, guide: Guide, external_userid: str, state: str = "") -> None:
        self.control(
            "acts/add_friend",
            {"userid": guide.wecom_userid, "customer": external_userid, "state": state},
        )

    def allow(self, authorize_url: str, external_userid: str) -> str:
        """She taps "allow" on WeChat's page: the address to which her phone is sent back."""
        answer = httpx.get(f"{authorize_url}&as={external_userid}".replace("#wechat_redirect", ""))
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])


@dataclass
class Phone:
    """What an SMS gateway on loopback took, and how it answers."""

    url: str = ""
    status: int = 200
    taken: list[dict[str, str]] = field(default_factory=list)

    def texts(self, number: str) -> list[str]:
        return [message["text"] for message in self.taken if message["phone"] == number]

    def last_code(self, number: str) -> str:
        """The six digits of the newest message."""
        found = re.search(r"\d{6}", self.texts(number)[-1])
        assert found is not None
        return found.group()


@contextmanager
def sms_phone() -> Iterator[Phone]:
    """A real, tiny SMS gateway."""
    phone = Phone()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if phone.status == 200:
                message = json.loads(body)
                if message["request_id"] not in {m["request_id"] for m in phone.taken}:
                    phone.taken.append(message | {"key": self.headers["Authorization"]})
            self.send_response(phone.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """A test run wants no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    phone.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield phone
    finally:
        server.shutdown()
        server.server_close()
