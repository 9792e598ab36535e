"""From a wish to its known end, against the sandbox process as WeCom."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from tests.sandbox import CHEN, KF, WU, Sandbox
from tests.wecom.outbox.wishes import (
    a_kf_message,
    a_mass_send,
    a_welcome,
    a_wish,
    told,
)
from wecom.gateway import gateway_of
from wecom.outbox.asking import recover
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow

# Named by VETOES below: what the second floor says about rows of this test.
VETOES = {"mass_send": ["tests.wecom.outbox.test_delivery.may_still_send"]}
BROKEN = {"mass_send": ["tests.wecom.outbox.test_delivery.cannot_decide"]}


def may_still_send(row: OutboxRow) -> str:
    return "已撤回授权" if WU in row.payload["recipients"] else ""


def cannot_decide(row: OutboxRow) -> str:
    raise LookupError("no such member")


def again(row: OutboxRow) -> OutboxRow:
    row.refresh_from_db()
    return row


def make_due(row: OutboxRow) -> None:
    """Let the pause be over."""
    OutboxRow.objects.filter(pk=row.pk).update(next_try_at=timezone.now())


def the_window_ends() -> None:
    """What is known of WeCom's limits is over, as it would be with time."""
    store = redis.Redis.from_url(django_settings.REDIS_URL)
    for key in store.scan_iter("wecom:*block*"):
        store.delete(key)
    store.close()


def let_pass(row: OutboxRow, **time: float) -> None:
    """Shift a begun row into the past, as waiting would."""
    passed = timedelta(**time)
    fresh = again(row)
    OutboxRow.objects.filter(pk=row.pk).update(
        claimed_at=(fresh.claimed_at or timezone.now()) - passed,
        ask_at=(fresh.ask_at or timezone.now()) - passed,
    )


@pytest.fixture
def code(wecom: Sandbox) -> str:
    """A welcome code that is still good."""
    way = gateway_of().create_contact_way("linxiao", "s", "")
    wecom.act("scan_contact_way", config_id=way.config_id, customer=WU)
    # Nobody listens, so the sandbox tells it several times: the same text each time.
    (found,) = {
        one["inner_xml"]
        for one in wecom.get("deliveries", agent_id=1000002)["deliveries"]
        if "WelcomeCode" in one["inner_xml"]
    }
    return str(found.split("<WelcomeCode><![CDATA[")[1].split("]]>")[0])


def welcomes_of(wecom: Sandbox, customer: str) -> int:
    said = wecom.get(f"state/customer/{customer}")["messages"]
    return len([one for one in said if one["source"] == "welcome"])


def test_a_mass_send_becomes_a_task_and_is_told(db: None, wecom: Sandbox) -> None:
    row = a_mass_send(recipients=(CHEN, WU))
    assert deliver(row.pk)
    assert not deliver(row.pk)
    assert again(row).state == "sent"
    (task,) = wecom.get("tasks", userid="LinXiao")["tasks"]
    ((kind, payload),) = told()
    assert kind == "outbox.sent.mass_send"
    assert payload["once"] == row.once
    assert payload["answer"] == {"msgid": task["msgid"], "unreachable": [WU]}


def test_a_veto_at_the_last_moment_stops_it(db: None, wecom: Sandbox, settings: Settings) -> None:
    settings.VETOES = "tests.wecom.outbox.test_delivery.VETOES"
    stopped, goes = a_mass_send(recipients=(CHEN, WU)), a_mass_send()
    deliver(stopped.pk)
    deliver(goes.pk)
    assert [again(stopped).state, again(goes).state] == ["vetoed", "sent"]
    assert [(kind, payload["reason"]) for kind, payload in told()] == [
        ("outbox.vetoed.mass_send", "已撤回授权"),
        ("outbox.sent.mass_send", ""),
    ]
    assert len(wecom.calls("externalcontact/add_msg_template")) == 1


def test_who_cannot_decide_has_not_allowed_it(db: None, wecom: Sandbox, settings: Settings) -> None:
    settings.VETOES = "tests.wecom.outbox.test_delivery.BROKEN"
    row = a_mass_send()
    deliver(row.pk)
    assert again(row).state == "planned"
    assert row.next_try_at > timezone.now()
    assert "LookupError" in row.error
    assert wecom.calls("externalcontact/add_msg_template") == []


def test_a_refusal_is_an_end_with_advice(db: None, wecom: Sandbox) -> None:
    row = a_mass_send(recipients=(WU,))
    deliver(row.pk)
    assert (again(row).state, row.error_code) == ("failed", 41048)
    assert "没有可送达的客户" in row.error
    ((kind, payload),) = told()
    assert (kind, payload["code"]) == ("outbox.failed.mass_send", 41048)


def test_a_limit_is_waited_out(db: None, wecom: Sandbox) -> None:
    wecom.fault("externalcontact/add_msg_template", errcode=45009)
    row = a_mass_send()
    deliver(row.pk)
    assert again(row).state == "planned"
    assert row.next_try_at - timezone.now() > timedelta(seconds=40)
    assert not deliver(row.pk)
    make_due(row)
    # Our own governor knows when the window ends: WeCom is not asked, and it was no attempt.
    deliver(row.pk)
    assert (again(row).state, row.attempts) == ("planned", 0)
    assert row.next_try_at - timezone.now() > timedelta(seconds=40)
    assert len(wecom.calls("externalcontact/add_msg_template")) == 1
    the_window_ends()
    make_due(row)
    deliver(row.pk)
    assert again(row).state == "sent"


def test_pauses_grow_and_end_loudly(db: None, wecom: Sandbox) -> None:
    wecom.fault("externalcontact/add_msg_template", errcode=45033, times=-1)
    row = a_mass_send()
    pauses = []
    for _ in range(30):
        make_due(row)
        deliver(row.pk)
        if again(row).state != "planned":
            break
        pauses.append((row.next_try_at - timezone.now()).total_seconds())
    assert again(row).state == "failed"
    assert len(pauses) == 11
    assert pauses[0] < 4 < pauses[3] < pauses[6]
    assert max(pauses) <= 750


def test_a_welcome_arrives_once(db: None, wecom: Sandbox, code: str) -> None:
    row = a_welcome(code)
    deliver(row.pk)
    assert again(row).state == "sent"
    assert welcomes_of(wecom, WU) == 1


def test_a_late_welcome_is_missed_and_never_called(db: None, wecom: Sandbox, code: str) -> None:
    row = a_welcome(code, expires_at=timezone.now() - timedelta(seconds=1))
    deliver(row.pk)
    assert again(row).state == "missed"
    assert [kind for kind, _ in told()] == ["outbox.missed.welcome"]
    assert wecom.calls("externalcontact/send_welcome_msg") == []


def test_a_welcome_that_would_come_too_late_is_missed_at_once(
    db: None, wecom: Sandbox, code: str
) -> None:
    wecom.fault("externalcontact/send_welcome_msg", errcode=41096)
    row = a_welcome(code, expires_at=timezone.now() + timedelta(milliseconds=900))
    deliver(row.pk)
    assert (again(row).state, row.error_code) == ("missed", 41096)


def test_a_welcome_waits_for_another_applications_and_is_then_done(
    db: None, wecom: Sandbox, code: str
) -> None:
    wecom.fault("externalcontact/send_welcome_msg", errcode=41096)
    wecom.fault("externalcontact/send_welcome_msg", errcode=41051)
    row = a_welcome(code)
    deliver(row.pk)
    assert again(row).state == "planned"
    assert row.next_try_at - timezone.now() < timedelta(seconds=2)
    make_due(row)
    deliver(row.pk)
    assert (again(row).state, row.answer) == ("sent", {"already": 41051})


def test_a_welcome_with_a_used_up_code_has_failed(db: None, wecom: Sandbox) -> None:
    row = a_welcome("made-up")
    deliver(row.pk)
    assert (again(row).state, row.error_code) == ("failed", 41050)


def test_a_welcome_without_an_answer_is_tried_again_and_arrives_once(
    db: None, wecom: Sandbox, code: str
) -> None:
    wecom.fault("externalcontact/send_welcome_msg", http_status=502)
    row = a_welcome(code)
    deliver(row.pk)
    assert again(row).state == "planned"
    make_due(row)
    deliver(row.pk)
    assert again(row).state == "sent"
    assert welcomes_of(wecom, WU) == 1


def test_a_mass_send_that_wecom_may_have_taken_is_not_repeated(db: None, wecom: Sandbox) -> None:
    wecom.fault("externalcontact/add_msg_template", errcode=-1)
    row = a_mass_send()
    deliver(row.pk)
    assert again(row).state == "sending"
    assert not deliver(row.pk)
    assert recover() == 0
    # WeCom said "busy" and knows nothing of it a minute later: then it may be called again.
    let_pass(row, seconds=30)
    assert recover() == 1
    assert again(row).state == "sending"
    let_pass(row, seconds=60)
    assert recover() == 1
    assert again(row).state == "planned"
    deliver(row.pk)
    assert again(row).state == "sent"
    assert len(wecom.get("tasks", userid="LinXiao")["tasks"]) == 1


def test_a_mass_send_that_wecom_did_take_is_adopted(db: None, wecom: Sandbox) -> None:
    row = _silent_but_done(wecom, (CHEN, WU))
    let_pass(row, minutes=3)
    assert recover() == 1
    assert again(row).state == "sent"
    (task,) = wecom.get("tasks", userid="LinXiao")["tasks"]
    assert row.answer == {"msgid": task["msgid"], "unreachable": [WU], "adopted": True}
    assert [kind for kind, _ in told()] == ["outbox.sent.mass_send"]


def _silent_but_done(
    wecom: Sandbox, recipients: tuple[str, ...], *, sender: str = "linxiao"
) -> OutboxRow:
    """The courier died after its call: WeCom has the task, the row says `sending`."""
    row = a_mass_send(recipients=recipients, sender=sender)
    wecom.fault("externalcontact/add_msg_template", http_status=502)
    deliver(row.pk)
    said = row.payload
    gateway_of().create_mass_send(
        chat_type="single", sender=said["sender"], recipients=recipients, text=said["text"]
    )
    return again(row)


def test_many_doubtful_rows_ask_for_each_record_once(db: None, wecom: Sandbox) -> None:
    """Not each row for each record: of two thousand guides that would be four million calls."""
    guides = [f"guide{number}" for number in range(6)]
    wecom.post(
        "seed",
        members=[{"userid": one, "name": one, "department": [2]} for one in guides],
        friends=[{"userid": one, "external_userid": CHEN} for one in guides],
    )
    rows = [_silent_but_done(wecom, (CHEN,), sender=one) for one in guides]
    for row in rows:
        let_pass(row, minutes=3)
    assert recover() == 6
    assert {again(row).state for row in rows} == {"sent"}
    assert len({again(row).answer["msgid"] for row in rows}) == 6
    assert len(wecom.calls("externalcontact/get_groupmsg_task")) <= 6
    assert len(wecom.calls("externalcontact/get_groupmsg_send_result")) <= 6


def test_two_tasks_with_the_same_words_are_told_apart_by_their_recipients(
    db: None, wecom: Sandbox
) -> None:
    wecom.act("add_friend", userid="LinXiao", customer=WU)
    known = a_mass_send(recipients=(CHEN,))
    deliver(known.pk)
    doubtful = _silent_but_done(wecom, (CHEN, WU))
    let_pass(doubtful, minutes=3)
    recover()
    assert again(doubtful).state == "sent"
    assert again(known).answer["msgid"] != doubtful.answer["msgid"]
    rows = wecom.get(f"state/mass/{doubtful.answer['msgid']}")["rows"]
    assert {one["target"] for one in rows} == {CHEN, WU}


def test_a_task_of_another_guide_is_not_adopted(db: None, wecom: Sandbox) -> None:
    wecom.act("add_friend", userid="zhouning", customer=CHEN)
    gateway_of().create_mass_send(
        chat_type="single", sender="zhouning", recipients=[CHEN], text="周末到店有礼"
    )
    wecom.fault("externalcontact/add_msg_template", http_status=502)
    row = a_mass_send()
    deliver(row.pk)
    let_pass(row, minutes=3)
    recover()
    assert again(row).state == "sending"
    let_pass(row, minutes=10)
    recover()
    assert again(row).state == "planned"


def test_a_task_that_is_still_being_dispatched_is_asked_after_later(
    db: None, wecom: Sandbox
) -> None:
    row = _silent_but_done(wecom, (CHEN,))
    wecom.fault("externalcontact/get_groupmsg_task", errcode=41063, times=3)
    let_pass(row, minutes=3)
    recover()
    assert again(row).state == "sending"
    let_pass(row, minutes=1)
    recover()
    assert again(row).state == "sent"


def test_asking_that_never_succeeds_ends_with_people(db: None, wecom: Sandbox) -> None:
    row = _silent_but_done(wecom, (CHEN,))
    wecom.fault("externalcontact/get_groupmsg_list_v2", errcode=48002, times=-1)
    let_pass(row, hours=7)
    recover()
    assert again(row).state == "unknown"
    assert "人工核对" in row.error
    assert [kind for kind, _ in told()] == ["outbox.unknown.mass_send"]


def test_a_reminder_without_an_answer_is_for_people(db: None, wecom: Sandbox) -> None:
    receipt = gateway_of().create_mass_send(
        chat_type="single", sender="linxiao", recipients=[CHEN], text="您好"
    )
    wecom.fault("externalcontact/remind_groupmsg_send", http_status=504)
    row = a_wish("mass_send_remind", {"msgid": receipt.msgid})
    deliver(row.pk)
    let_pass(row, minutes=3)
    recover()
    assert again(row).state == "unknown"


def test_stopping_twice_is_stopped(db: None, wecom: Sandbox) -> None:
    receipt = gateway_of().create_mass_send(
        chat_type="single", sender="linxiao", recipients=[CHEN], text="您好"
    )
    wecom.fault("externalcontact/cancel_groupmsg_send", http_status=504)
    row = a_wish("mass_send_cancel", {"msgid": receipt.msgid})
    deliver(row.pk)
    gateway_of().cancel_mass_send(receipt.msgid)
    make_due(row)
    deliver(row.pk)
    assert again(row).state == "sent"


def test_a_contact_code_without_an_answer_is_found_by_its_state(db: None, wecom: Sandbox) -> None:
    wecom.fault("externalcontact/add_contact_way", http_status=502)
    row = a_wish("contact_way", {"userid": "linxiao", "state": "door_9", "remark": "门口"})
    deliver(row.pk)
    assert again(row).state == "sending"
    way = gateway_of().create_contact_way("linxiao", "door_9", "门口")
    let_pass(row, minutes=3)
    recover()
    assert again(row).state == "sent"
    assert row.answer["config_id"] == way.config_id


def test_customer_service_answers(db: None, wecom: Sandbox) -> None:
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="几点关门？")
    row = a_kf_message()
    deliver(row.pk)
    assert (again(row).state, row.answer) == ("sent", {"msgid": row.public_id.hex})


def test_customer_service_out_of_its_window_has_failed(db: None, wecom: Sandbox) -> None:
    row = a_kf_message()
    deliver(row.pk)
    assert again(row).state == "failed"


def test_a_broken_asker_does_not_hold_up_the_others(db: None, wecom: Sandbox) -> None:
    broken, fine = _silent_but_done(wecom, (CHEN,)), a_wish("mass_send_remind", {"msgid": "m"})
    OutboxRow.objects.filter(pk=broken.pk).update(payload={"sender": None, "recipients": 7})
    let_pass(broken, minutes=3)
    wecom.fault("externalcontact/remind_groupmsg_send", http_status=504)
    deliver(fine.pk)
    let_pass(fine, minutes=3)
    recover()
    assert [again(broken).state, again(fine).state] == ["sending", "unknown"]
