"""A client library that we did not write talks to the sandbox and gets what is promised."""

from __future__ import annotations

from typing import Any

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from tests.wecom.sandbox.world import CHEN, CORP, GROUP, GUIDE_SECRET, KF, LIN, Api


class SandboxClient(WeChatClient):
    """The library's client with another host; it hard-codes the token's address."""

    def fetch_access_token(self) -> Any:
        """Fetch the token from the sandbox."""
        return self._fetch_access_token(
            url=f"{self.API_BASE_URL}gettoken",
            params={"corpid": self.corp_id, "corpsecret": self.secret},
        )


@pytest.fixture
def client(api: Api) -> WeChatClient:
    """The library as the guide application."""
    SandboxClient.API_BASE_URL = f"{str(api.client.base_url).rstrip('/')}/sandbox/cgi-bin/"
    return SandboxClient(CORP, GUIDE_SECRET, timeout=5)


def test_customers_and_codes(api: Api, client: WeChatClient) -> None:
    way = client.external_contact.add_contact_way(1, 2, 1, "海报", True, "poster_1", [LIN], None)
    api.act("scan_contact_way", config_id=way["config_id"], customer=CHEN)
    assert client.external_contact.get_follow_user_list()["follow_user"][0] == LIN
    assert client.external_contact.list(LIN)["external_userid"] == [CHEN]
    detail = client.external_contact.get(CHEN)
    assert detail["follow_user"][0]["state"] == "poster_1"
    tags = client.external_contact.get_corp_tag_list()["tag_group"]
    client.external_contact.mark_tag(LIN, CHEN, [tags[0]["tag"][0]["id"]], [])


def test_groups_mass_and_messages(api: Api, client: WeChatClient) -> None:
    api.befriend()
    groups = client.external_contact.get_group_chat_list(
        limit=10, owner_filter={"userid_list": [LIN]}
    )
    assert groups["group_chat_list"][0]["chat_id"] == GROUP
    sent = client.external_contact.add_msg_template(
        {"chat_type": "single", "sender": LIN, "text": {"content": "你好"}}
    )
    api.act("confirm_task", msgid=sent["msgid"], userid=LIN)
    rows = client.external_contact.get_group_msg_result(sent["msgid"])["detail_list"]
    assert [(row["external_userid"], row["status"]) for row in rows] == [(CHEN, 1)]
    assert client.message.send_text(1000002, LIN, content="看一下")["errcode"] == 0


def test_customer_service(api: Api, client: WeChatClient) -> None:
    api.act("kf_chat", customer=CHEN, open_kfid=KF, text="在吗")
    got = client.kf.sync_msg("", "", 100)
    assert got["msg_list"][0]["text"]["content"] == "在吗"
    assert client.kf.get_service_state(KF, CHEN)["service_state"] == 0


def test_errors_carry_the_code(client: WeChatClient) -> None:
    with pytest.raises(WeChatClientException) as raised:
        client.user.get("nobody")
    assert raised.value.errcode == 60111


def test_expired_token_is_fetched_again(api: Api, client: WeChatClient) -> None:
    assert client.department.get(1)
    api.control("tokens/expire", {"errcode": 40014})
    assert client.department.get(1)
