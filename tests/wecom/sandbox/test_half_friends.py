"""One-sided friends, consent to the archive, and welcomes that depend on them."""

from __future__ import annotations

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, LIN, ZHOU, Api

HELLO = {"text": {"content": "欢迎"}}


def codes_of(api: Api, external_userid: str = CHEN) -> list[object]:
    """What three calls answer about the relation of Zhou and a customer."""
    pair = {"userid": ZHOU, "external_userid": external_userid}
    tags = api.post("externalcontact/get_corp_tag_list")["tag_group"][0]["tag"]
    return [
        api.get("externalcontact/get", external_userid=external_userid)["errcode"],
        api.post("externalcontact/remark", pair | {"remark": "x"})["errcode"],
        api.post("externalcontact/mark_tag", pair | {"add_tag": [tags[0]["id"]]})["errcode"],
    ]


def test_half_a_friend_talks_but_is_unknown_to_the_api(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("add_half", userid=ZHOU, customer=CHEN, state="poster_7")
    assert heard_api.act("add_half", userid=ZHOU, customer=CHEN)["already"]
    event = receiver.wait_for(1)[0].event
    assert (event["ChangeType"], event["State"]) == ("add_half_external_contact", "poster_7")
    assert event["WelcomeCode"]
    assert codes_of(heard_api) == [84061, 84061, 84061]
    heard_api.act("chat", **{"from": CHEN, "to": ZHOU, "text": "在吗"})


def test_adding_back_makes_friends(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("add_half", userid=ZHOU, customer=CHEN, state="poster_7")
    heard_api.act("add_back", userid=ZHOU, customer=CHEN)
    assert codes_of(heard_api) == [0, 0, 0]
    events = {each.event["ChangeType"]: each.event for each in receiver.wait_for(2)}
    assert events["add_external_contact"]["State"] == "poster_7"
    unused = events["add_half_external_contact"]["WelcomeCode"]
    fresh = events["add_external_contact"]["WelcomeCode"]
    used = heard_api.post("externalcontact/send_welcome_msg", {"welcome_code": unused} | HELLO)
    assert used["errcode"] == 41050
    sent = heard_api.post("externalcontact/send_welcome_msg", {"welcome_code": fresh} | HELLO)
    assert sent["errcode"] == 0
    assert "没有等待加回" in heard_api.refused("add_back", userid=ZHOU, customer=CHEN)


def test_after_a_welcome_to_half_a_friend_there_is_no_second_code(
    heard_api: Api, receiver: Receiver
) -> None:
    heard_api.act("add_half", userid=ZHOU, customer=CHEN)
    code = receiver.wait_for(1)[0].event["WelcomeCode"]
    heard_api.post("externalcontact/send_welcome_msg", {"welcome_code": code} | HELLO)
    heard_api.act("add_back", userid=ZHOU, customer=CHEN)
    added = receiver.wait_for(1, lambda each: each.event["ChangeType"] == "add_external_contact")
    assert "WelcomeCode" not in added[0].event


def test_somebody_of_another_corp_brings_no_code(heard_api: Api, receiver: Receiver) -> None:
    other = "woOther000000000000000000000000a"
    customer = {"external_userid": other, "name": "客户方", "type": 2}
    heard_api.control("seed", {"customers": [customer]})
    heard_api.befriend(customer=other)
    assert "WelcomeCode" not in receiver.wait_for(1)[0].event


def test_an_archived_member_greets_after_consent(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("archive_consent", customer=CHEN, agree=False)
    heard_api.befriend(userid=LIN)
    code = receiver.wait_for(1, lambda got: "WelcomeCode" in got.event)[0].event["WelcomeCode"]
    early = heard_api.post("externalcontact/send_welcome_msg", {"welcome_code": code} | HELLO)
    assert early["errcode"] == 41053
    heard_api.act("archive_consent", customer=CHEN, agree=True)
    heard_api.act("archive_consent", customer=CHEN, agree=True)
    approved = receiver.wait_for(1, lambda got: got.event.get("ChangeType") == "msg_audit_approved")
    event = approved[0].event
    assert (event["UserID"], event["ExternalUserID"]) == (LIN, CHEN)
    code = event["WelcomeCode"]
    sent = heard_api.post("externalcontact/send_welcome_msg", {"welcome_code": code} | HELLO)
    assert sent["errcode"] == 0
    assert heard_api.count_events("msg_audit_approved") == 1
