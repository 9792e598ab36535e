"""A client library that we did not write talks to the sandbox and gets what is promised."""

from __future__ import annotations

from typing import Any

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from tests.wecom.sandbox.world import CHEN, CORP, GROUP, GUIDE_SECRET, KF, LIN, MA, ZHOU, Api

SYNC = "contact-sync-secret"


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


def test_contact_sync_and_labels(api: Api, client: WeChatClient) -> None:
    app = {"name": "通讯录同步", "agent_id": 2000002, "secret": SYNC, "contact_sync": True}
    api.control("seed", {"apps": [app]})
    sync = SandboxClient(CORP, SYNC, timeout=5)
    sync.user.create("Wang", "王敏", department=[2], mobile="13800000000")
    sync.user.update("wang", position="店长")
    assert client.user.get("wang")["position"] == "店长"
    assert client.user.getuserid("13800000000") == "Wang"
    number = sync.department.create("四店", parent_id=1)["id"]
    sync.department.update(number, name="四店新址")
    sync.department.delete(number)
    sync.user.batch_delete(["Wang"])
    with pytest.raises(WeChatClientException):
        client.user.get("Wang")
    tagid = client.tag.create("新人")["tagid"]
    client.tag.add_users(tagid, user_ids=[LIN])
    assert client.tag.get_users(tagid)["userlist"][0]["userid"] == LIN
    client.tag.update(tagid, "老人")
    assert [label["tagname"] for label in client.tag.list()] == ["老人"]
    client.tag.delete_users(tagid, user_ids=[LIN])
    client.tag.delete(tagid)


def test_greetings_statistics_and_customers_of_those_who_left(
    api: Api, client: WeChatClient
) -> None:
    contacts = client.external_contact
    template = {"text": {"content": "你好"}}
    template_id = contacts.add_group_welcome_template(template)["template_id"]
    contacts.update_group_welcome_template({"text": {"content": "早"}}, template_id)
    assert contacts.get_group_welcome_template(template_id)["text"]["content"] == "早"
    contacts.del_group_welcome_template(template_id)
    api.befriend()
    api.control("clock", {"advance_seconds": 2 * 86_400})
    then = int(api.control("clock")["now"]) - 2 * 86_400
    day = contacts.get_user_behavior_data([LIN], then, then)["behavior_data"][0]
    assert day["new_contact_cnt"] == 1
    figures = client.external_contact_group_chat.statistic(then, owner_userid_list=[LIN])
    assert figures["items"][0]["data"]["chat_total"] == 1
    api.act("resign_member", userid=LIN)
    waiting = contacts.get_unassigned_list()["info"]
    assert [(row["handover_userid"], row["external_userid"]) for row in waiting] == [(LIN, CHEN)]
    left = client.external_contact_group_chat.list(status_filter=1)["group_chat_list"]
    assert left == [{"chat_id": GROUP, "status": 1}]
    body = {"chat_id_list": [GROUP], "new_owner": MA}
    moved = client.post("externalcontact/groupchat/transfer", data=body)
    assert moved["failed_chat_list"] == []


def test_internal_groups_menus_and_kinds_of_messages(api: Api, client: WeChatClient) -> None:
    chatid = client.appchat.create(chat_id="duty1", name="值班", user_list=[LIN, ZHOU])["chatid"]
    client.appchat.send_text(chatid, "开早会")
    client.appchat.update(chatid, name="早班", add_user_list=[MA])
    assert set(client.appchat.get(chatid)["userlist"]) == {LIN, ZHOU, MA}
    menu = {"button": [{"type": "click", "name": "任务", "key": "today"}]}
    client.menu.create(1000002, menu)
    assert client.menu.get(1000002)["button"] == menu["button"]
    client.menu.delete(1000002)
    client.message.send_markdown(1000002, LIN, "**好**")
    client.message.send_text_card(1000002, LIN, "题", "文", "http://shop.example")
    article = {"title": "题", "description": "文", "url": "http://shop.example", "image": ""}
    client.message.send_articles(1000002, LIN, [article])
    shown = api.control(f"state/member/{LIN}")["app_messages"]
    assert [each["content"]["msgtype"] for each in shown] == ["markdown", "textcard", "news"]


def test_servicers_offers_and_kinds_of_answers(api: Api, client: WeChatClient) -> None:
    client.kf.add_servicer(KF, [ZHOU])
    servicers = client.kf.get_servicer_list(KF)["servicer_list"]
    assert [each["userid"] for each in servicers] == [LIN, ZHOU]
    client.kf.del_servicer(KF, [ZHOU])
    api.act("kf_upgrade_range", member_range={"userid_list": [LIN]})
    assert client.kf.get_upgrade_service_config()["member_range"]["userid_list"] == [LIN]
    api.act("kf_chat", customer=CHEN, open_kfid=KF, text="在吗")
    client.kf.upgrade_service(KF, CHEN, 1, member={"userid": LIN, "wording": "专属导购"})
    client.kf.cancel_upgrade_service(KF, CHEN)
    client.kf_message.send_text(CHEN, KF, "在的", msgid="m-1")
    with pytest.raises(WeChatClientException) as raised:
        client.kf_message.send_text(CHEN, KF, "在的", msgid="m-1")
    assert raised.value.errcode == 40058
    menu = [{"type": "click", "click": {"id": "1", "content": "退换"}}]
    client.kf_message.send_msgmenu(CHEN, KF, "要问什么", menu, "")
