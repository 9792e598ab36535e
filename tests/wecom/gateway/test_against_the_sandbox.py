"""The gateway's calls against the sandbox process: two readings of one document meet."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.utils import timezone

from tests.sandbox import CHEN, GROUP, KF, WU, Sandbox
from wecom.gateway import (
    AlreadyChatting,
    ContactUnknown,
    GroupUnknown,
    TooLate,
    WindowClosed,
    gateway_of,
    web,
)
from wecom.gateway.errors import CodeUsed, GuideNotUsable, NobodyReachable, NotFriends

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00"
    b"\x00\x00IEND\xaeB`\x82"
)


def test_a_contact_with_her_follower(wecom: Sandbox) -> None:
    card = gateway_of().contact(CHEN)
    assert (card.external_userid, card.name, card.kind) == (CHEN, "陈静", "wechat")
    assert card.unionid == "oChen0000000000000000000001"
    (follower,) = card.followers
    assert (follower.userid, follower.state) == ("linxiao", "poster_7")
    assert abs(timezone.now() - follower.since) < timedelta(days=400)


def test_friends_of_a_guide_and_of_one_without_any(wecom: Sandbox) -> None:
    assert gateway_of().contacts_of("linxiao") == [CHEN]
    assert gateway_of().contacts_of("zhouning") == []


def test_who_is_not_known_says_so(wecom: Sandbox) -> None:
    with pytest.raises(ContactUnknown) as caught:
        gateway_of().contact("wmNobody000000000000000000000000")
    assert caught.value.code == 40096
    assert "企微客户" in caught.value.advice


def test_a_group_with_its_people(wecom: Sandbox) -> None:
    card = gateway_of().group(GROUP)
    assert (card.chat_id, card.name, card.owner_userid) == (GROUP, "国贸会员群", "linxiao")
    assert {(one.id, one.is_staff) for one in card.members} == {
        ("linxiao", True),
        (CHEN, False),
        (WU, False),
    }
    assert card.member_version
    with pytest.raises(GroupUnknown):
        gateway_of().group("wrNobody000000000000000000000000")


def test_the_groups_of_more_owners_than_fit_a_call(wecom: Sandbox) -> None:
    assert gateway_of().group_ids(["linxiao", "zhouning"]) == [GROUP]
    assert gateway_of().group_ids([*["zhouning"] * 100, "linxiao"]) == [GROUP]
    assert len(wecom.calls("externalcontact/groupchat/list")) == 3


def test_a_contact_code_leads_to_the_guide(wecom: Sandbox) -> None:
    before = timezone.now() - timedelta(minutes=1)
    way = gateway_of().create_contact_way("linxiao", "entrance_1", "门口")
    assert way.config_id
    assert way.qr_code_url
    found = list(gateway_of().contact_ways_since(before))
    assert [(one.config_id, state, guides) for one, state, guides in found] == [
        (way.config_id, "entrance_1", ["linxiao"])
    ]
    added = wecom.act("scan_contact_way", config_id=way.config_id, customer=WU)
    assert added["state"] == "entrance_1"
    states = {one.state for one in gateway_of().contact(WU).followers}
    assert states == {"entrance_1"}


def test_a_join_code_has_a_picture(wecom: Sandbox) -> None:
    way = gateway_of().create_join_way([GROUP], "door")
    assert way.config_id
    assert way.qr_code_url


def test_a_mass_send_from_creation_to_results(wecom: Sandbox) -> None:
    gateway = gateway_of()
    before = timezone.now() - timedelta(minutes=1)
    receipt = gateway.create_mass_send(
        chat_type="single",
        sender="linxiao",
        recipients=[CHEN, WU],
        text="周末到店有礼",
        attachments=[
            {
                "kind": "link",
                "title": "周末",
                "url": "https://example.com/a",
                "desc": "",
                "picurl": "",
            }
        ],
    )
    assert receipt.unreachable == (WU,)
    (task,) = gateway.mass_send_tasks(receipt.msgid)
    assert (task.userid, task.is_confirmed) == ("linxiao", False)
    (record,) = gateway.mass_sends_between(before, timezone.now(), chat_type="single")
    assert (record.msgid, record.text) == (receipt.msgid, "周末到店有礼")
    wecom.act("confirm_task", msgid=receipt.msgid, userid="linxiao")
    (result,) = gateway.mass_send_results(receipt.msgid, "linxiao")
    assert (result.recipient, result.state) == (CHEN, "sent")
    assert result.sent_at is not None
    assert gateway.mass_send_tasks(receipt.msgid)[0].is_confirmed


def test_a_mass_send_that_reaches_nobody(wecom: Sandbox) -> None:
    with pytest.raises(NobodyReachable):
        gateway_of().create_mass_send(
            chat_type="single", sender="linxiao", recipients=[WU], text="您好"
        )


def test_a_group_mass_send_can_be_stopped(wecom: Sandbox) -> None:
    gateway = gateway_of()
    receipt = gateway.create_mass_send(
        chat_type="group", sender="linxiao", recipients=[GROUP], text="今晚直播"
    )
    gateway.cancel_mass_send(receipt.msgid)
    tasks = wecom.get("tasks", userid="LinXiao")["tasks"]
    assert {task["status"] for task in tasks} == {"cancelled"}


def test_a_welcome_is_taken_once_and_in_time(wecom: Sandbox) -> None:
    gateway = gateway_of()
    with pytest.raises(TooLate):
        gateway.send_welcome(welcome_code="made-up", text="您好")
    way = gateway.create_contact_way("linxiao", "s", "")
    wecom.act("scan_contact_way", config_id=way.config_id, customer=WU)
    # Nobody listens, so the sandbox tells it several times: the same text each time.
    (told,) = {
        one["inner_xml"]
        for one in wecom.get("deliveries", agent_id=1000002)["deliveries"]
        if "add_external_contact" in one["inner_xml"]
    }
    code = told.split("<WelcomeCode><![CDATA[")[1].split("]]>")[0]
    gateway.send_welcome(welcome_code=code, text="您好，我是林晓")
    with pytest.raises(AlreadyChatting):
        gateway.send_welcome(welcome_code=code, text="您好，我是林晓")
    said = wecom.get(f"state/customer/{WU}")["messages"]
    assert [one["source"] for one in said if one["source"] == "welcome"] == ["welcome"]


def test_a_picture_is_uploaded_and_usable(wecom: Sandbox) -> None:
    media_id = gateway_of().upload_image("poster.png", PNG)
    receipt = gateway_of().create_mass_send(
        chat_type="single",
        sender="linxiao",
        recipients=[CHEN],
        text="",
        attachments=[{"kind": "image", "media_id": media_id}],
    )
    assert receipt.msgid


def test_guides_are_told_and_unknown_ones_named(wecom: Sandbox) -> None:
    receipt = gateway_of().send_app_message(
        ["linxiao", "nobody"], title="有新任务", text="周末到店有礼", url="https://example.com/t"
    )
    assert receipt.unreached == ("nobody",)
    assert wecom.get("state/member/LinXiao")["app_messages"]
    with pytest.raises(GuideNotUsable):
        gateway_of().send_app_message(["nobody"], text="喂")


def test_customer_service_is_read_and_answered(wecom: Sandbox) -> None:
    gateway = gateway_of("service")
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="几点关门？")
    page = gateway.kf_messages(KF)
    said = [one for one in page.messages if one.origin == "customer"]
    assert [(one.external_userid, one.text) for one in said] == [(CHEN, "几点关门？")]
    gateway.send_kf_message(open_kfid=KF, external_userid=CHEN, text="22 点", msgid="m1")
    assert gateway.kf_state(KF, CHEN).state in {"new", "bot"}
    gateway.move_kf_session(KF, CHEN, "servicer", "linxiao")
    session = gateway.kf_state(KF, CHEN)
    assert (session.state, session.servicer_userid) == ("servicer", "linxiao")
    with pytest.raises(WindowClosed):
        gateway.send_kf_message(open_kfid=KF, external_userid=CHEN, text="还在吗")


def test_the_archive_is_read_in_order(wecom: Sandbox) -> None:
    wecom.act("chat", **{"from": CHEN, "chat_id": GROUP, "text": "请问几点关门？"})
    wecom.act("chat", **{"from": "LinXiao", "chat_id": GROUP, "text": "22 点"})
    first, second = gateway_of().archived_messages(0)
    assert (first.sender, first.chat_id, first.text) == (CHEN, GROUP, "请问几点关门？")
    assert second.sender == "linxiao"
    assert [one.seq for one in gateway_of().archived_messages(first.seq)] == [second.seq]


def _code_after(url: str, who: str) -> str:
    """Follow the login page as somebody, up to the code in the redirect."""
    page, _, _ = url.partition("#")
    answer = httpx.get(f"{page}&as={who}", follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def test_the_service_account_tells_who_she_is(wecom: Sandbox) -> None:
    url = web.service_account_authorize_url("http://127.0.0.1:8000/q/x/back", "state1")
    code = _code_after(url, CHEN)
    person = web.person_by_code(code)
    assert person.openid
    assert person.unionid == "oChen0000000000000000000001"
    with pytest.raises(CodeUsed):
        web.person_by_code(code)


def test_a_guide_signs_in(wecom: Sandbox) -> None:
    for url in (
        web.web_login_url("http://127.0.0.1:8000/back", "state1"),
        web.member_authorize_url("http://127.0.0.1:8000/back", "state1"),
    ):
        code = _code_after(url, "LinXiao")
        assert gateway_of().member_by_code(code).userid == "linxiao"
        with pytest.raises(CodeUsed):
            gateway_of().member_by_code(code)


def test_a_signature_is_of_its_page_and_ticket(wecom: Sandbox) -> None:
    first = gateway_of().jsapi_signature("http://127.0.0.1:8000/sidebar/?a=1#x")
    assert len(first.signature) == 40
    assert (first.corp_id, first.agent_id) == ("ww5a7d0e1c2b3f4a68", 1000002)
    gateway_of().jsapi_signature("http://127.0.0.1:8000/sidebar/", of_app=False)
    assert len(wecom.calls("ticket/get")) == 1
    assert len(wecom.calls("get_jsapi_ticket")) == 1


def test_a_guide_who_is_nobodys_friend(wecom: Sandbox) -> None:
    wecom.act("delete_customer", userid="LinXiao", customer=CHEN)
    with pytest.raises((NotFriends, ContactUnknown)):
        gateway_of().contact(CHEN)
