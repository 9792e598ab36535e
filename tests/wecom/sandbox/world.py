"""A small seeded world: one corp, two applications, guides Lin and Zhou, customer Chen."""

from __future__ import annotations

import json
from typing import Any

import httpx

CORP = "ww0123456789abcdef"
SERVICE = "wx0123456789abcdef"
TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
GUIDE_SECRET, OTHER_SECRET = "guide-app-secret", "other-app-secret"
LIN, ZHOU, MA = "lin", "Zhou.2", "ma"
CHEN, WU = "wmChen0000000000000000000000000a", "wmWu00000000000000000000000000b"
GROUP = "wrGroup000000000000000000000000a"
KF = "wkService00000000000000000000001"


def seed_of(callback_url: str = "", **more: Any) -> dict[str, Any]:
    """What the control API's seed is given; ``more`` overwrites parts."""
    app = {
        "callback_url": callback_url,
        "callback_token": TOKEN,
        "callback_aes_key": AES_KEY,
        "sidebar_url": "/sidebar/",
    }
    return {
        "corp_id": CORP,
        "corp_name": "示例品牌",
        "open_platform_bound": True,
        "service_account": {"app_id": SERVICE, "secret": "service-secret"},
        "apps": [
            app | {"name": "导购", "agent_id": 1000002, "secret": GUIDE_SECRET},
            {"name": "报表", "agent_id": 1000003, "secret": OTHER_SECRET},
        ],
        "departments": [
            {"id": 1, "name": "总部"},
            {"id": 2, "name": "一店", "parentid": 1},
            {"id": 3, "name": "二店", "parentid": 1},
        ],
        "members": [
            {"userid": LIN, "name": "林晓", "department": [2], "archived": True},
            {"userid": ZHOU, "name": "周宁", "department": [2]},
            {"userid": MA, "name": "马超", "department": [3]},
        ],
        "customers": [
            {"external_userid": CHEN, "name": "陈悦"},
            {"external_userid": WU, "name": "吴桐"},
        ],
        "kf_accounts": [{"open_kfid": KF, "name": "在线客服", "servicers": [LIN]}],
        "tag_groups": [{"group_name": "等级", "tags": [{"name": "金卡"}, {"name": "银卡"}]}],
        "groups": [{"chat_id": GROUP, "name": "一店福利群", "owner": LIN, "members": [ZHOU, WU]}],
    } | more


class Api:
    """Calls the sandbox as an application of the corp, and as the people in it."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.tokens: dict[str, str] = {}

    def token(self, secret: str = GUIDE_SECRET) -> str:
        """The application's token, fetched once."""
        if secret not in self.tokens:
            answer = self.client.get(
                "/sandbox/cgi-bin/gettoken", params={"corpid": CORP, "corpsecret": secret}
            ).json()
            self.tokens[secret] = answer["access_token"]
        return self.tokens[secret]

    def get(self, path: str, *, secret: str = GUIDE_SECRET, **query: Any) -> dict[str, Any]:
        """GET an API path."""
        query["access_token"] = self.token(secret)
        answer: dict[str, Any] = self.client.get(f"/sandbox/cgi-bin/{path}", params=query).json()
        return answer

    def post(
        self, path: str, body: dict[str, Any] | None = None, *, secret: str = GUIDE_SECRET
    ) -> dict[str, Any]:
        """POST a body as wechatpy does: bytes without a content type."""
        answer: dict[str, Any] = self.client.post(
            f"/sandbox/cgi-bin/{path}",
            params={"access_token": self.token(secret)},
            content=json.dumps(body or {}, ensure_ascii=False).encode(),
        ).json()
        return answer

    def act(self, name: str, /, **body: Any) -> dict[str, Any]:
        """Something a person does; a refusal fails the test."""
        answer = self.client.post(f"/sandbox/control/api/acts/{name}", json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def refused(self, name: str, /, **body: Any) -> str:
        """Why a person cannot do something."""
        answer = self.client.post(f"/sandbox/control/api/acts/{name}", json=body)
        assert answer.status_code == 409, answer.text
        return str(answer.json()["error"])

    def control(
        self, path: str, body: dict[str, Any] | None = None, **query: Any
    ) -> dict[str, Any]:
        """The rest of the control API: POST with a body, else GET."""
        url = f"/sandbox/control/api/{path}"
        if body is None:
            answer = self.client.get(url, params=query)
        else:
            answer = self.client.post(url, json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def befriend(self, userid: str = LIN, customer: str = CHEN, state: str = "") -> None:
        """Make two people friends."""
        self.act("add_friend", userid=userid, customer=customer, state=state)

    def count_events(self, kind: str = "") -> int:
        """How many events were told, however often each was attempted."""
        rows = self.control("deliveries", event=kind)["deliveries"]
        return len({row["event_id"] for row in rows})
