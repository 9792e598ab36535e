"""Every kind of wish at the sandbox: it happens, it is answered, and a lost answer does no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from tests.faults.between import Wire, a_wire_to
from tests.sandbox import CHEN, GROUP, WU, Sandbox
from tests.wecom.outbox.wishes import a_wish, told
from wecom.gateway import gateway_of
from wecom.outbox.asking import recover
from wecom.outbox.carriers import CARRIERS
from wecom.outbox.delivery import deliver
from wecom.outbox.models import Kind, OutboxRow

Payload = dict[str, Any]
TO_ZHOU = {"handover": "linxiao", "takeover": "zhouning", "external_userids": [CHEN]}
MOMENT = {"text": "上新了", "attachments": [], "userids": ["LinXiao"]}


def a_contact_way() -> Payload:
    way = gateway_of().create_contact_way("linxiao", "door", "门口")
    return {"config_id": way.config_id}


def a_join_way() -> Payload:
    return {"config_id": gateway_of().create_join_way([GROUP], "door").config_id}


def a_tag() -> Payload:
    (tag,) = gateway_of().create_tags(["常客"], group_name="来源").tags
    return {"userid": "linxiao", "external_userid": CHEN, "add": [tag.id], "remove": []}


def a_corp_tag() -> Payload:
    (tag,) = gateway_of().create_tags(["常客"], group_name="来源").tags
    return {"id": tag.id, "name": "老客"}


def tag_names() -> set[str]:
    return {tag.name for group in gateway_of().tag_groups() for tag in group.tags}


def a_moment() -> Payload:
    gateway = gateway_of()
    job = gateway.moment_job(gateway.create_moment("上新了", userids=["linxiao"]))
    return {"moment_id": job.moment_id}


def a_way_changed() -> Payload:
    return {**a_contact_way(), "userids": ["zhouning"], "state": "window"}


def a_join_way_changed() -> Payload:
    return {**a_join_way(), "chat_ids": [GROUP], "state": "window"}


def follower() -> Any:
    (found,) = [
        pair for pair in gateway_of().contact_pairs(["linxiao"]).pairs if pair.userid == "linxiao"
    ]
    return found


def joined(config_id: str) -> str:
    return gateway_of().join_way(config_id).state


def waiting(row: OutboxRow) -> bool:
    (one,) = gateway_of().transfer_results("linxiao", "zhouning").rows
    return one.external_userid == CHEN and one.state == "waiting"


# kind → its payload, the API that carries it, and whether it stands at WeCom
DEEDS: dict[str, tuple[Callable[[], Payload], str, Callable[[OutboxRow], bool]]] = {
    "contact_way_change": (
        a_way_changed,
        "externalcontact/update_contact_way",
        lambda row: gateway_of().contact_way(row.payload["config_id"]).userids == ("zhouning",),
    ),
    "contact_way_delete": (
        a_contact_way,
        "externalcontact/del_contact_way",
        lambda _: not list(gateway_of().contact_ways_since(moment_ago())),
    ),
    "join_way_change": (
        a_join_way_changed,
        "externalcontact/groupchat/update_join_way",
        lambda row: joined(row.payload["config_id"]) == "window",
    ),
    "tag_mark": (
        a_tag,
        "externalcontact/mark_tag",
        lambda row: follower().tag_ids == tuple(row.payload["add"]),
    ),
    "corp_tag": (
        lambda: {"group": "来源", "name": "常客"},
        "externalcontact/add_corp_tag",
        lambda _: "常客" in tag_names(),
    ),
    "corp_tag_change": (
        a_corp_tag,
        "externalcontact/edit_corp_tag",
        lambda _: {"老客"} == tag_names() & {"老客", "常客"},
    ),
    "corp_tag_delete": (
        a_corp_tag,
        "externalcontact/del_corp_tag",
        lambda _: not tag_names() & {"老客", "常客"},
    ),
    "remark": (
        lambda: {"userid": "linxiao", "external_userid": CHEN, "remark": "陈小姐"},
        "externalcontact/remark",
        lambda _: follower().remark == "陈小姐",
    ),
    "moment_cancel": (a_moment, "externalcontact/cancel_moment_task", lambda _: True),
    "customer_transfer": (lambda: TO_ZHOU, "externalcontact/transfer_customer", waiting),
    "group_transfer": (
        lambda: {"chat_ids": [GROUP], "new_owner": "ZhouNing"},
        "externalcontact/groupchat/onjob_transfer",
        lambda _: gateway_of().group(GROUP).owner_userid == "zhouning",
    ),
    "moment": (
        lambda: MOMENT,
        "externalcontact/add_moment_task",
        lambda _: len(moments()) == 1,
    ),
    "join_way": (
        lambda: {"chat_ids": [GROUP], "state": "door"},
        "externalcontact/groupchat/add_join_way",
        lambda row: not row.answer or joined(row.answer["config_id"]) == "door",
    ),
    "group_welcome": (
        lambda: {"text": "欢迎", "attachments": []},
        "externalcontact/group_welcome_template/add",
        lambda row: (
            not row.answer or gateway_of().group_welcome(row.answer["template_id"]).text == "欢迎"
        ),
    ),
}
ANSWERS: dict[str, set[str]] = {
    "customer_transfer": {"rows"},
    "group_transfer": {"refused"},
    "tag_mark": set(),
    "corp_tag": {"group_id", "tag_id"},
    "corp_tag_change": set(),
    "corp_tag_delete": set(),
    "remark": set(),
    "moment": {"jobid"},
    "moment_cancel": {"moment_id"},
    "join_way": {"config_id", "qr_code_url"},
    "group_welcome": {"template_id"},
}


def moment_ago() -> datetime:
    return timezone.now() - timedelta(minutes=5)


def moments() -> list[Any]:
    return gateway_of().moments_between(moment_ago(), timezone.now() + timedelta(minutes=5))


def let_pass(**time: float) -> None:
    """Begun rows, and those that pause, as they would be later."""
    passed = timedelta(**time)
    OutboxRow.objects.filter(state="sending").update(
        claimed_at=F("claimed_at") - passed, ask_at=F("ask_at") - passed
    )
    OutboxRow.objects.filter(state="planned").update(next_try_at=F("next_try_at") - passed)


@pytest.fixture
def wire(wecom: Sandbox, settings: Settings) -> Iterator[Wire]:
    with a_wire_to(wecom.url) as opened:
        settings.WECOM_API_BASE_URL = f"{opened.url}/cgi-bin/"
        yield opened


def cut_after(wire: Wire, api: str, *, times: int = 1) -> None:
    """WeCom hears the next calls of an API and does them; we do not hear that it did."""
    left = [times]

    def answered(called: str) -> bool:
        if called != api or not left[0]:
            return True
        left[0] -= 1
        return False

    wire.answered = answered


def test_every_kind_has_a_carrier_and_the_new_ones_are_tried_here() -> None:
    assert set(CARRIERS) == set(Kind.values)
    older = {"welcome", "app_message", "kf_message", "contact_way"}
    assert {kind for kind in Kind.values if not kind.startswith("mass_send")} == older | set(DEEDS)


@pytest.mark.parametrize("kind", DEEDS)
def test_it_happens_and_is_answered(db: None, wecom: Sandbox, kind: str) -> None:
    payload, api, stands = DEEDS[kind]
    row = a_wish(kind, payload())
    deliver(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("sent", "")
    assert set(row.answer) == ANSWERS.get(kind, {"config_id"})
    assert stands(row)
    assert [name for name, _ in told()] == [f"outbox.sent.{kind}"]
    assert len(wecom.calls(api)) == 1


# How the end of each kind is found out when no answer comes: call again, ask, or ask people.
AGAIN = {
    "contact_way_change",
    "contact_way_delete",
    "join_way_change",
    "tag_mark",
    "corp_tag_change",
    "corp_tag_delete",
    "remark",
    "moment_cancel",
}
PEOPLE = {"join_way", "group_welcome"}


@pytest.mark.parametrize("kind", DEEDS)
def test_an_answer_that_is_lost_does_no_harm(
    db: None, wire: Wire, wecom: Sandbox, kind: str
) -> None:
    payload, api, stands = DEEDS[kind]
    row = a_wish(kind, payload())
    cut_after(wire, api)
    deliver(row.pk)
    row.refresh_from_db()
    assert row.state == ("planned" if kind in AGAIN else "sending")
    let_pass(minutes=3)
    recover()
    deliver(row.pk)
    row.refresh_from_db()
    assert row.state == ("unknown" if kind in PEOPLE else "sent"), row.error
    assert stands(row)
    assert len(wecom.calls(api)) == (2 if kind in AGAIN else 1)
    if kind not in AGAIN | PEOPLE:
        assert row.answer["adopted"]


def test_a_refusal_of_one_customer_is_in_the_answer(db: None, wecom: Sandbox) -> None:
    row = a_wish("customer_transfer", {**TO_ZHOU, "external_userids": [CHEN, WU]})
    deliver(row.pk)
    row.refresh_from_db()
    assert row.state == "sent"
    assert (row.answer["rows"][CHEN], row.answer["rows"][WU] != 0) == (0, True)


def test_of_a_transfer_in_doubt_only_those_left_are_called_for(
    db: None, wire: Wire, wecom: Sandbox
) -> None:
    row = a_wish("customer_transfer", {**TO_ZHOU, "external_userids": [CHEN, WU]})
    cut_after(wire, "externalcontact/transfer_customer")
    deliver(row.pk)
    let_pass(minutes=3)
    recover()
    deliver(row.pk)
    row.refresh_from_db()
    assert (row.answer["rows"][CHEN], row.answer["rows"][WU] != 0) == (0, True)
    first, second = wecom.calls("externalcontact/transfer_customer")
    assert CHEN in str(first["body"])
    assert CHEN not in str(second["body"])


def test_a_transfer_that_wecom_never_heard_of_is_called_again_later(
    db: None, wecom: Sandbox
) -> None:
    row = a_wish("customer_transfer", TO_ZHOU)
    wecom.fault("externalcontact/transfer_customer", http_status=502)
    deliver(row.pk)
    let_pass(minutes=3)
    recover()
    row.refresh_from_db()
    assert row.state == "sending"
    let_pass(minutes=10)
    recover()
    deliver(row.pk)
    row.refresh_from_db()
    assert (row.state, row.answer) == ("sent", {"rows": {CHEN: 0}})


def test_two_moments_with_the_same_words_are_two(db: None, wire: Wire, wecom: Sandbox) -> None:
    first, second = a_wish("moment", MOMENT), a_wish("moment", MOMENT)
    deliver(first.pk)
    wecom.fault("externalcontact/add_moment_task", http_status=502)
    deliver(second.pk)
    let_pass(minutes=3)
    recover()
    second.refresh_from_db()
    # WeCom has one such moment, and it is the first row's.
    assert second.state == "sending"
    let_pass(minutes=10)
    recover()
    deliver(second.pk)
    assert len(moments()) == 2


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("customer_transfer", {**TO_ZHOU, "external_userids": []}),
        ("customer_transfer", {**TO_ZHOU, "external_userids": ["wm"] * 101}),
        ("customer_transfer", {**TO_ZHOU, "takeover": "LinXiao"}),
        ("customer_transfer", {**TO_ZHOU, "message": "您" * 201}),
        ("customer_transfer", {"handover": "linxiao"}),
        ("group_transfer", {"chat_ids": [], "new_owner": "zhouning"}),
        ("tag_mark", {"userid": "linxiao", "external_userid": CHEN, "add": []}),
        ("corp_tag", {"group": "来源", "name": ""}),
        ("corp_tag", {"group": "来" * 31, "name": "常客"}),
        ("corp_tag_change", {"id": "et", "name": "常" * 31}),
        ("remark", {"userid": "linxiao", "external_userid": CHEN}),
        ("contact_way_change", {"config_id": "c"}),
        ("contact_way_change", {"config_id": "c", "userids": []}),
        ("join_way", {"chat_ids": ["wr"] * 6, "state": "s"}),
        ("join_way", {"chat_ids": ["wr"], "state": "s" * 31}),
        ("moment", {"text": "上新", "userids": []}),
        ("moment", {"text": "", "userids": ["linxiao"]}),
        ("group_welcome", {"text": ""}),
    ],
)
def test_what_could_never_be_carried_is_refused_at_once(
    db: None, kind: str, payload: Payload
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        a_wish(kind, payload)
    assert OutboxRow.objects.count() == 0
