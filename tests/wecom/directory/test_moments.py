"""Moments are followed: which there are, who published, who saw them, when to look again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import DomainEvent, NotYet
from tests.cast import Cast
from tests.sandbox import CHEN, Sandbox
from tests.wecom.directory.test_staff import differences
from wecom.directory.forgetting import forget_reach
from wecom.directory.inbound_of_reach import moment_ordered
from wecom.directory.models_of_reach import CorpMoment, MomentPublication
from wecom.directory.rules_of_reach import FOLLOWED, JOB_KNOWN, next_look, pause_of_job
from wecom.directory.sweeping import sweep_through
from wecom.gateway import gateway_of
from wecom.outbox.models import OutboxRow

TESTER = Actor.system("test")
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def publications() -> dict[str, MomentPublication]:
    with scope_of(TESTER):
        return {row.userid: row for row in MomentPublication.objects.all()}


def ordered(answer: dict[str, Any], *, ago: timedelta = timedelta()) -> DomainEvent:
    return DomainEvent(
        kind="outbox.sent.moment",
        subject="campaign:1",
        at=timezone.now() - ago,
        payload={"once": "moment:1", "answer": answer},
    )


def was_sent() -> None:
    """The wish whose order WeCom took."""
    now = timezone.now()
    OutboxRow.objects.create(kind="moment", once="moment:1", payload={}, state="sent", ended_at=now)


def told(kind: str) -> list[dict[str, Any]]:
    return [event.payload for event in DomainEvent.objects.filter(kind=kind).order_by("pk")]


@action
def look_next(at: datetime | None, *, by: Actor) -> None:
    """Whatever is still followed is looked at then, or never again."""
    CorpMoment.objects.exclude(look_at=None).update(look_at=at)
    MomentPublication.objects.exclude(look_at=None).update(look_at=at)


def all_due() -> None:
    look_next(timezone.now() - timedelta(seconds=1), by=TESTER)


@pytest.fixture
def moment_id(wecom: Sandbox, cast: Cast) -> str:
    """A moment that Lin and Zhou were asked to publish."""
    gateway = gateway_of()
    job = gateway.create_moment("新品到店", userids=["linxiao", "zhouning"])
    return gateway.moment_job(job).moment_id


def test_a_moment_is_followed_from_the_order_to_the_likes(wecom: Sandbox, moment_id: str) -> None:
    assert sweep_through("moments", is_full=False).error == ""
    row = CorpMoment.objects.get()
    assert (row.moment_id, row.kind, row.text) == (moment_id, "corp", "新品到店")
    assert {key: one.is_published for key, one in publications().items()} == {
        "linxiao": False,
        "zhouning": False,
    }
    assert row.look_at is not None
    wecom.act("publish_moment", moment_id=moment_id, userid="LinXiao")
    wecom.act("like_moment", moment_id=moment_id, userid="LinXiao", customer=CHEN)
    wecom.act("like_moment", moment_id=moment_id, userid="LinXiao")
    wecom.act("comment_moment", moment_id=moment_id, userid="LinXiao", text="欢迎")
    sweep_through("moments", is_full=False)
    # Not due before an hour has gone.
    assert not publications()["linxiao"].is_published
    all_due()
    sweep_through("moments", is_full=False)
    lin = publications()["linxiao"]
    assert (lin.audience, lin.likes, lin.comments) == (1, 2, 1)
    # What she did herself counts, and makes her no customer.
    assert lin.people == {"saw": [CHEN], "liked": [CHEN], "commented": []}
    assert lin.look_at is not None
    assert publications()["zhouning"].audience is None


def test_a_moment_of_a_guides_own_is_published_by_her_alone(wecom: Sandbox, cast: Cast) -> None:
    made = wecom.act("personal_moment", userid="LinXiao", text="下雨天")
    sweep_through("moments")
    row = CorpMoment.objects.get(moment_id=made["moment_id"])
    assert (row.kind, row.creator_userid, row.look_at) == ("personal", "linxiao", None)
    lin = publications()["linxiao"]
    assert (lin.is_published, lin.audience) == (True, 1)


def test_a_deleted_moment_is_gone_and_not_looked_at(wecom: Sandbox, cast: Cast) -> None:
    made = wecom.act("personal_moment", userid="LinXiao", text="下雨天")
    sweep_through("moments", is_full=False)
    CorpMoment.objects.update(made_at=timezone.now() - timedelta(minutes=5))
    wecom.act("delete_moment", moment_id=made["moment_id"], userid="LinXiao")
    sweep = sweep_through("moments", is_full=False)
    assert differences(sweep) == {(f"moment:{made['moment_id']}", "朋友圈已删除", True)}
    assert CorpMoment.objects.get().gone_at is not None
    all_due()
    asked = len(wecom.calls("externalcontact/get_moment_send_result"))
    assert sweep_through("moments", is_full=False).found == 0
    assert len(wecom.calls("externalcontact/get_moment_send_result")) == asked


def test_what_was_ordered_is_known_once_it_is_made(wecom: Sandbox, cast: Cast) -> None:
    was_sent()
    wecom.post("switches", moment_job_s=3600)
    job = gateway_of().create_moment("新品", userids=["linxiao", "nobody"])
    with pytest.raises(NotYet):
        moment_ordered(ordered({"jobid": job}))
    assert not CorpMoment.objects.exists()
    wecom.post("clock", advance_seconds=3700)
    for _ in range(2):
        moment_ordered(ordered({"jobid": job}))
    row = CorpMoment.objects.get()
    assert row.wish == "moment:1"
    wish = OutboxRow.objects.get(once="moment:1")
    assert (wish.state, wish.answer["moment_id"]) == ("sent", row.moment_id)
    assert wish.answer["left_out_userids"] == ["nobody"]


def test_an_adopted_moment_needs_no_job(wecom: Sandbox, moment_id: str) -> None:
    moment_ordered(ordered({"jobid": "", "moment_id": moment_id, "adopted": True}))
    assert CorpMoment.objects.get(moment_id=moment_id).wish == "moment:1"
    sweep_through("moments", is_full=False)
    assert CorpMoment.objects.get(moment_id=moment_id).text == "新品到店"


def test_what_came_to_nothing_is_told_once(wecom: Sandbox, cast: Cast) -> None:
    was_sent()
    job = gateway_of().create_moment("新品", userids=["nobody"])
    for _ in range(2):
        moment_ordered(ordered({"jobid": job}))
    wish = OutboxRow.objects.get(once="moment:1")
    assert (wish.state, wish.error_code, bool(wish.error)) == ("failed", 60111, True)
    assert len(told("outbox.failed.moment")) == 1
    wecom.post("switches", moment_job_s=10**6)
    late = ordered({"jobid": gateway_of().create_moment("久", userids=["linxiao"])}, ago=JOB_KNOWN)
    OutboxRow.objects.filter(pk=wish.pk).update(state="sent")
    moment_ordered(late)
    assert OutboxRow.objects.get().error == "企业微信 24 小时内没有结果"


def test_looks_grow_rarer_and_end() -> None:
    made, looks, now = NOW, 0, NOW
    while (following := next_look(made, now)) is not None:
        assert timedelta(hours=1) <= following - now <= timedelta(days=3)
        looks, now = looks + 1, following
    assert looks < 30
    assert now - made >= FOLLOWED
    pauses = [pause_of_job(timedelta(seconds=age)) for age in (0, 10, 60, 600, 7200)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (2, 300)


def test_who_saw_it_is_forgotten_and_how_many_stays(wecom: Sandbox, cast: Cast) -> None:
    wecom.act("personal_moment", userid="LinXiao", text="下雨天")
    sweep_through("moments", is_full=False)
    forget_reach(at=timezone.now() + timedelta(days=200), by=TESTER)
    assert publications()["linxiao"].people["saw"] == [CHEN]
    look_next(None, by=TESTER)
    forget_reach(at=timezone.now() + timedelta(days=200), by=TESTER)
    lin = publications()["linxiao"]
    assert (lin.people, lin.audience) == ({}, 1)
    forget_reach(at=timezone.now() + timedelta(days=800), by=TESTER)
    assert publications() == {}
