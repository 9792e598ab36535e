"""The WeCom that tests talk to: the sandbox as a process of its own, on a free port.

`a_world()` is what its control API's seed is given; corp and secrets are those of the settings.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from tests.processes import wait_for

CHEN = "wmChen00000000000000000000000001"
WU = "wmWu0000000000000000000000000001"
GROUP = "wrGroup0000000000000000000000001"
KF = "wkDemoService000000000000000000001"
# Refused at once: the sandbox keeps what it would have told.
NOBODY = "http://127.0.0.1:9/wecom/callback/"
MAIN_AGENT, SERVICE_AGENT = 1000002, 1000003
SERVICE_SECRET = "service-secret-of-the-tests"


class Sandbox:
    """One running sandbox: its addresses, its control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/sandbox/control/api/", timeout=10)

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """Look at its truth."""
        return self._answer(self._http.get(path, params=query))

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Change its truth; a refusal fails the test."""
        return self._answer(self._http.post(path, json=body))

    def act(self, name: str, /, **body: Any) -> dict[str, Any]:
        """What a person does in her client."""
        return self.post(f"acts/{name}", **body)

    def fault(self, api: str, *, times: int = 1, **what: Any) -> None:
        """Let the next calls of an API go wrong; see its control API for what can."""
        self.post("faults", path=api, times=times, **what)

    def calls(self, api: str) -> list[dict[str, Any]]:
        """The calls of one API since the reset, oldest first."""
        found = self.get("calls", path=api, limit=1000)["calls"]
        return sorted(found, key=lambda call: call["id"])

    def reset(self, **more: Any) -> None:
        """Empty it and seed the world."""
        self._http.request("DELETE", "faults")
        self.post("reset")
        self.post("seed", **a_world(**more))

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


def a_world(*, callback_url: str = NOBODY, **more: Any) -> dict[str, Any]:
    """Guides Lin and Zhou, customers Chen (Lin's friend) and Wu, Lin's group, customer service."""
    app = {
        "callback_url": callback_url,
        "callback_token": settings.WECOM_APPS["main"]["callback_token"],
        "callback_aes_key": settings.WECOM_APPS["main"]["callback_aes_key"],
    }
    main_secret = settings.WECOM_APPS["main"]["secret"]
    return {
        "corp_id": settings.WECOM_CORP_ID,
        "corp_name": "示例品牌",
        "open_platform_bound": True,
        "service_account": {
            "app_id": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
        },
        "apps": [
            app | {"name": "导购", "agent_id": MAIN_AGENT, "secret": main_secret},
            app | {"name": "客服", "agent_id": SERVICE_AGENT, "secret": SERVICE_SECRET},
        ],
        "departments": [{"id": 1, "name": "总部"}, {"id": 2, "name": "国贸店", "parentid": 1}],
        "members": [
            {"userid": "LinXiao", "name": "林晓", "department": [2], "archived": True},
            {"userid": "zhouning", "name": "周宁", "department": [2]},
        ],
        "customers": [
            {"external_userid": CHEN, "name": "陈静", "unionid": "oChen0000000000000000000001"},
            {"external_userid": WU, "name": "吴桐"},
        ],
        "friends": [{"userid": "LinXiao", "external_userid": CHEN, "state": "poster_7"}],
        "groups": [
            {"chat_id": GROUP, "name": "国贸会员群", "owner": "LinXiao", "members": [CHEN, WU]}
        ],
        "kf_accounts": [{"open_kfid": KF, "name": "在线客服", "servicers": ["LinXiao"]}],
        **more,
    }


@contextmanager
def running_sandbox(folder: Path, public_url: str = "") -> Iterator[Sandbox]:
    """Start one, wait until it answers, end it; `public_url` is what its links name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "wecom.sandbox", "--port", str(port)]
    command += ["--db", str(folder / "sandbox.sqlite3"), "--public-url", public_url or url]
    process = subprocess.Popen(command)
    sandbox = Sandbox(url)
    try:
        _wait_for(f"{sandbox.url}/sandbox/healthz", process)
        yield sandbox
    finally:
        sandbox.close()
        process.terminate()
        process.wait(timeout=10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        assert process.poll() is None, "the sandbox ended at its start"
        try:
            return httpx.get(url, timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(answers, "the sandbox")
