"""Pausing and resuming, what goes by which queue, and what is forgotten after its time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.events import DomainEvent
from tests.sandbox import CHEN, KF, Sandbox
from tests.servers import TestServers
from tests.wecom.outbox.wishes import (
    BY,
    a_kf_message,
    a_mass_send,
    a_welcome,
    a_wish,
    told,
    wish_again,
)
from wecom.outbox import actions, queries
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow
from wecom.outbox.steps import queue_of

REMINDER = {"userids": ["linxiao"], "text": "您好"}


def states() -> list[str]:
    return list(OutboxRow.objects.order_by("pk").values_list("state", flat=True))


def long_unasked() -> None:
    """As if nobody had been nudged for a while."""
    OutboxRow.objects.update(nudged_at=timezone.now() - timedelta(minutes=1))


def test_a_paused_kind_waits_and_others_go(db: None, wecom: Sandbox) -> None:
    assert actions.pause(kind="mass_send", reason="文案有误", by=BY)
    paused, other = a_mass_send(), a_wish("app_message", REMINDER)
    assert not deliver(paused.pk)
    assert deliver(other.pk)
    assert states() == ["planned", "sent"]
    assert actions.resume(kind="mass_send", by=BY)
    assert deliver(paused.pk)
    assert states() == ["sent", "sent"]


def test_a_paused_application_sends_nothing_and_another_does(db: None, wecom: Sandbox) -> None:
    assert actions.pause(reason="切换服务器", by=BY)
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="在吗")
    mine, of_the_service = a_wish("app_message", REMINDER), a_kf_message()
    assert not deliver(mine.pk)
    assert deliver(of_the_service.pk)
    assert states() == ["planned", "sent"]


def test_a_pause_is_said_once_and_named(db: None) -> None:
    assert actions.pause(kind="mass_send", reason="文案有误", by=BY)
    assert not actions.pause(kind="mass_send", reason="又一次", by=BY)
    assert not actions.resume(kind="remark", by=BY)
    (pause,) = queries.pauses()
    assert (pause.app, pause.kind, pause.by, pause.reason) == (
        "main",
        "mass_send",
        str(BY),
        "文案有误",
    )
    assert actions.resume(kind="mass_send", by=BY)
    assert not actions.resume(kind="mass_send", by=BY)
    assert list(queries.pauses()) == []
    kinds = DomainEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["outbox.paused", "outbox.resumed"]
    with pytest.raises(ValueError, match="pigeon"):
        actions.pause(kind="pigeon", reason="", by=BY)


def test_what_has_a_last_moment_is_missed_in_a_pause(db: None) -> None:
    actions.pause(kind="welcome", reason="", by=BY)
    late = a_welcome("WC", expires_at=timezone.now() - timedelta(seconds=1))
    in_time = a_welcome("WD")
    long_unasked()
    # The sweep leaves paused rows alone, but for those whose time is over.
    assert actions.nudge_due(by=BY) == 1
    assert not deliver(late.pk)
    assert not deliver(in_time.pk)
    assert states() == ["missed", "planned"]
    assert [kind for kind, _ in told() if kind != "outbox.paused"] == ["outbox.missed.welcome"]


@pytest.mark.parametrize(
    ("kind", "priority", "queue"),
    [
        ("welcome", 1, "welcome"),
        ("kf_message", 2, "urgent"),
        ("mass_send_cancel", 2, "urgent"),
        ("app_message", 5, "default"),
        ("mass_send", 5, "bulk"),
        ("tag_mark", 5, "bulk"),
        ("tag_mark", 3, "urgent"),
    ],
)
def test_each_wish_has_its_queue(kind: str, priority: int, queue: str) -> None:
    assert queue_of(OutboxRow(kind=kind, priority=priority)) == queue


@pytest.fixture
def broker(servers: TestServers) -> redis.Redis:
    store = redis.Redis.from_url(servers.redis_url)
    for queue in ("welcome", "urgent", "default", "bulk"):
        store.delete(f"house:{queue}")
    return store


def asked_for(broker: redis.Redis, queue: str) -> list[str]:
    """Arguments with which workers of a queue are asked, in their order."""
    found = broker.lrange(f"house:{queue}", 0, -1)
    assert isinstance(found, list)
    return [str(json.loads(one)["headers"]["argsrepr"]) for one in reversed(found)]


def test_a_campaign_does_not_hide_a_word_to_one_guide(db: None, broker: redis.Redis) -> None:
    campaign = [a_mass_send(f"第 {number} 条") for number in range(30)]
    word = a_wish("app_message", REMINDER, priority=9)
    greeting = a_welcome("WC")
    long_unasked()
    assert actions.nudge_due(limit=10, by=BY) == 12
    assert asked_for(broker, "welcome") == [f"[{greeting.pk}]"]
    assert asked_for(broker, "default") == [f"[{word.pk}]"]
    assert asked_for(broker, "bulk") == [f"[{row.pk}]" for row in campaign[:10]]
    # Nobody is asked for twice in a moment; the next ten have their turn.
    assert actions.nudge_due(limit=10, by=BY) == 10
    assert asked_for(broker, "bulk") == [f"[{row.pk}]" for row in campaign[:20]]


def test_what_is_paused_is_not_walked_through_at_every_look(db: None, broker: redis.Redis) -> None:
    long_over = timezone.now() - timedelta(minutes=5)
    for number in range(40):
        a_mass_send(f"第 {number} 段")
    late = a_mass_send("来不及的", expires_at=long_over)
    other = a_wish("mass_send", {"sender": "x", "text": "y", "recipients": ["wm"]}, app="second")
    reminder = a_wish("app_message", REMINDER)
    actions.pause(kind="mass_send", reason="文案有误", by=BY)
    long_unasked()
    with CaptureQueriesContext(connection) as seen:
        assert actions.nudge_due(by=BY) == 3
    # Two pairs that go, and what of the resting one is late.
    reads = [one["sql"] for one in seen.captured_queries if 'FROM "wecom_outboxrow"' in one["sql"]]
    assert len(reads) == 3
    (late_ones,) = [sql for sql in reads if "mass_send" in sql and "'main'" in sql]
    assert "expires_at" in late_ones
    assert set(asked_for(broker, "bulk")) == {f"[{late.pk}]", f"[{other.pk}]"}
    assert asked_for(broker, "default") == [f"[{reminder.pk}]"]
    actions.pause(reason="整个应用停下", by=BY)
    long_unasked()
    assert actions.nudge_due(by=BY) == 2


def test_among_one_kind_the_most_urgent_is_asked_for_first(db: None, broker: redis.Redis) -> None:
    usual = a_wish("app_message", REMINDER, priority=6)
    sooner = a_wish("app_message", REMINDER, priority=4)
    long_unasked()
    assert actions.nudge_due(limit=1, by=BY) == 1
    assert asked_for(broker, "default") == [f"[{sooner.pk}]"]
    actions.nudge_due(limit=1, by=BY)
    assert asked_for(broker, "default") == [f"[{sooner.pk}]", f"[{usual.pk}]"]


def test_a_wish_is_forgotten_after_its_time_and_not_wished_for_again(db: None) -> None:
    old, young, waiting = (a_wish("app_message", REMINDER) for _ in range(3))
    long_ago = timezone.now() - timedelta(days=181)
    OutboxRow.objects.filter(pk=old.pk).update(
        state="failed", ended_at=long_ago, answer={"msgid": "m"}, error="林晓"
    )
    OutboxRow.objects.filter(pk=young.pk).update(state="failed", ended_at=timezone.now())
    OutboxRow.objects.filter(pk=waiting.pk).update(created_at=long_ago)
    assert actions.forget_old(by=BY) == 1
    assert actions.forget_old(by=BY) == 0
    assert set(OutboxRow.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}
    # Nothing is left that could be sent, and the same wish is still known.
    assert not actions.send_again(old, by=BY)
    assert actions.send_again(young, by=BY)
    assert a_wish("app_message", REMINDER, once=young.once).pk == young.pk
    assert wish_again(old.once) is None
    assert OutboxRow.objects.count() == 2
