"""The same numbers as Prometheus reads them: few labels, open rows only, no big walk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from pytest_django import Settings

from tests.cast import Cast
from tests.wecom.health.test_page import (
    a_call,
    a_parked_callback,
    a_parked_reaction,
    some_of_everything,
)
from tests.wecom.inbox.post import an_event
from tests.wecom.inbox.test_reading import a_row
from tests.wecom.outbox.wishes import a_wish
from wecom.directory.models import Sweep
from wecom.health.meters import WecomHealth
from wecom.outbox.models import OutboxPause, OutboxRow


@pytest.fixture(autouse=True)
def _a_redis_of_its_own(no_tokens: None, cast: Cast) -> None:
    """Nothing was called yet."""


def scraped() -> dict[str, float]:
    """Every sample of a fresh collector by its whole name."""
    registry = CollectorRegistry()
    registry.register(WecomHealth())
    lines = generate_latest(registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_every_number_of_the_page_has_a_name(settings: Settings) -> None:
    settings.WECOM_LIMITS = {"user/get": {"minute": 10, "in_flight": 3}}
    for _ in range(2):
        a_call("user/get")
    a_parked_callback()
    a_parked_reaction()
    long_ago = timezone.now() - timedelta(minutes=10)
    a_row(an_event("change_external_chat", "update", ChatId="wr1"), received_at=long_ago)
    row = a_wish("app_message", {"userids": ["lin"], "text": "您好"})
    OutboxRow.objects.filter(pk=row.pk).update(next_try_at=long_ago)
    OutboxPause.objects.create(app="main", by="test", reason="x")
    Sweep.objects.create(kind="tags", state="failed", found=3, repaired=1, begun_by="test")
    found = scraped()
    base = "house_wecom_"
    assert found[f"{base}redis_up"] == 1
    assert found[f"{base}breaker_open"] == 0
    assert found[base + 'api_calls{api="user/get",window="minute"}'] == 2
    assert found[base + 'api_limit{api="user/get",window="minute"}'] == 10
    assert found[base + 'api_in_flight{api="user/get"}'] == 0
    assert found[f"{base}callbacks_received_total"] >= 2
    assert found[f"{base}callbacks_waiting"] == 1
    assert 590 < found[f"{base}callbacks_oldest_seconds"] < 700
    assert found[base + 'parked{what="callbacks"}'] == 1
    assert found[base + 'parked{what="reactions"}'] == 1
    assert found[base + 'outbox_rows{kind="app_message",state="planned"}'] == 1
    assert 590 < found[base + 'outbox_oldest_due_seconds{kind="app_message"}'] < 700
    assert found[base + 'outbox_paused{app="main",kind="all"}'] == 1
    assert found[base + 'sweep_failed{kind="tags"}'] == 1
    assert found[base + 'sweep_differences_left{kind="tags"}'] == 2


def test_names_from_outside_stay_few() -> None:
    for number in range(30):
        a_row("<xml/>", state="done", kind=f"wecom.unknown.x{number:02}")
    unknown = {name: n for name, n in scraped().items() if "unknown_events" in name}
    assert len(unknown) == 21
    assert unknown['house_wecom_unknown_events{event="others"}'] == 10


def test_a_scrape_costs_the_same_at_twenty_rows() -> None:
    some_of_everything(1)
    with CaptureQueriesContext(connection) as few:
        scraped()
    some_of_everything(20)
    with CaptureQueriesContext(connection) as many:
        scraped()
    assert len(many) == len(few)


def test_a_scrape_walks_no_big_table() -> None:
    """With sequential scans priced out, every plan has to find an index that serves it."""
    some_of_everything(3)
    with CaptureQueriesContext(connection) as asked:
        scraped()
    reads = [one["sql"] for one in asked if one["sql"].lstrip().startswith("SELECT")]
    big = ("wecom_inboxmessage", "wecom_outboxrow", "kit_handling", "kit_domainevent")
    looked = 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in reads:
            if not any(table in sql for table in big):
                continue
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert not any(f"Seq Scan on {table}" in plan for table in big), plan
            looked += 1
    assert looked >= 8


def test_without_redis_a_scrape_still_answers(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    found = scraped()
    assert found["house_wecom_redis_up"] == 0
    assert "house_wecom_breaker_open" not in found
    assert found["house_wecom_callbacks_waiting"] == 0


def test_many_scrapes_read_once() -> None:
    registry = CollectorRegistry()
    registry.register(WecomHealth())
    generate_latest(registry)
    with CaptureQueriesContext(connection) as asked:
        generate_latest(registry)
    assert len(asked) == 0
