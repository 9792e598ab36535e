"""HQ's page of WeCom's health: who may look and press, what it says, what the buttons do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from kit.events import DomainEvent, Handling
from tests.cast import Cast
from tests.wecom.inbox.post import an_event
from tests.wecom.inbox.test_reading import BY, a_row
from tests.wecom.outbox.wishes import a_wish
from wecom.directory.models import Sweep
from wecom.gateway.errors import AddressNotTrusted, LimitReached, WecomError
from wecom.gateway.governor import Governor
from wecom.health import queries
from wecom.inbox.actions import read_waiting
from wecom.inbox.models import InboxMessage
from wecom.outbox.models import OutboxPause, OutboxRow

PAGE = "admin:wecom_health_changelist"
PANELS, ACT = "admin:wecom_health_panels", "admin:wecom_health_act"
REACT = "somewhere.inbound.react"


@pytest.fixture(autouse=True)
def _a_redis_of_its_own(no_tokens: None) -> None:
    """Nothing was called yet."""


def signed_in(account: Any) -> Client:
    client = Client()
    client.force_login(account, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def hq(cast: Cast) -> Client:
    return signed_in(cast.hq)


def an_account(cast: Cast, *rights: str, regions: tuple[Any, ...] = ()) -> Client:
    """Somebody of HQ who is no superuser."""
    account = type(cast.hq).objects.create_user("xu", "correct horse", name="许", is_staff=True)
    account.user_permissions.set(
        Permission.objects.filter(codename__in=rights, content_type__app_label="wecom")
    )
    account.regions.set(regions)
    return signed_in(account)


def press(client: Client, do: str, **fields: str) -> str:
    answer = client.post(reverse(ACT), {"do": do, **fields}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def shown(client: Client) -> str:
    return client.get(reverse(PANELS)).content.decode()


def a_call(api: str, error: WecomError | None = None, *, app: str = "main") -> None:
    """A call as the gateway makes it, without a WeCom."""
    governor = Governor("ww5a7d0e1c2b3f4a68", app)
    try:
        with governor.admit(api):
            if error is not None:
                raise error
    except WecomError:
        return


def a_parked_reaction(number: int = 0, handler: str = REACT) -> Handling:
    event = DomainEvent.objects.create(kind="something", actor="test", subject=f"member:{number}")
    return Handling.objects.create(event=event, handler=handler, state="parked", attempts=8)


def a_parked_callback() -> InboxMessage:
    return a_row("<xml>no end", state="parked", error="ExpatError")


def some_of_everything(count: int) -> None:
    now, first = timezone.now(), InboxMessage.objects.count()
    for number in range(first, first + count):
        a_row(an_event("change_external_chat", "update", ChatId=f"wr{number}"))
    read_waiting(by=BY)
    for number in range(first, first + count):
        a_row(an_event(f"never_heard_{number}"), state="done", kind=f"wecom.unknown.x{number}")
        a_parked_callback()
        a_parked_reaction(number, f"{REACT}_{number}")
        a_call(f"externalcontact/call_{number}")
        OutboxPause.objects.create(app=f"app{number}", by="test", reason="试一试")
        Sweep.objects.create(
            kind="staff", state="done", started_at=now, ended_at=now, begun_by="test"
        )
        kind = ("app_message", "mass_send")[number % 2]
        payload = {"userids": ["lin"], "text": "x", "sender": "lin", "recipients": ["wm1"]}
        a_wish(kind, payload)


# ---------------------------------------------------------------- who


def test_nobody_looks_without_the_right(cast: Cast) -> None:
    for name in (PAGE, PANELS):
        assert Client().get(reverse(name)).status_code == 302
        assert signed_in(cast.lin.account).get(reverse(name)).status_code == 302
        assert signed_in(cast.manager.account).get(reverse(name)).status_code == 302
    client = an_account(cast, "view_outboxrow")
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get(reverse(PANELS)).status_code == 403


def test_who_may_look_but_not_press_has_no_buttons(cast: Cast) -> None:
    client = an_account(cast, "view_health")
    assert "暂停发送…" not in shown(client)
    answer = client.post(reverse(ACT), {"do": "pause", "reason": "x"})
    assert answer.status_code == 403
    assert not OutboxPause.objects.exists()


def test_who_sees_one_region_does_not_stop_them_all(cast: Cast) -> None:
    client = an_account(cast, "view_health", "change_health", regions=(cast.east,))
    assert "暂停发送…" not in shown(client)
    assert client.post(reverse(ACT), {"do": "pause", "reason": "x"}).status_code == 403
    assert not OutboxPause.objects.exists()


def test_who_sees_all_and_may_change_presses(cast: Cast) -> None:
    client = an_account(cast, "view_health", "change_health")
    assert "暂停发送…" in shown(client)
    press(client, "pause", reason="换供应商")
    assert OutboxPause.objects.get().reason == "换供应商"


def test_a_button_is_never_a_link(hq: Client) -> None:
    assert hq.get(reverse(ACT), {"do": "pause"}).status_code == 405


# ---------------------------------------------------------------- what it says


def test_an_empty_house_is_well_and_says_so(hq: Client) -> None:
    page = hq.get(reverse(PAGE)).content.decode()
    assert "一切正常" in page
    assert reverse(PANELS) in page
    assert "every 10s" in page
    assert "还没有对过" in page
    assert "最近一小时没有调用" in page


def test_it_stands_in_the_side_bar(hq: Client) -> None:
    assert f'href="{reverse(PAGE)}"' in hq.get(reverse("admin:index")).content.decode()


def test_it_costs_the_same_at_twenty_rows(hq: Client) -> None:
    some_of_everything(1)
    hq.get(reverse(PAGE))
    with CaptureQueriesContext(connection) as few:
        hq.get(reverse(PAGE))
    some_of_everything(20)
    with CaptureQueriesContext(connection) as many:
        hq.get(reverse(PAGE))
    assert len(many) == len(few)


def test_calls_errors_and_quotas_are_told_with_advice(hq: Client, settings: Settings) -> None:
    settings.WECOM_LIMITS = {"user/get": {"minute": 10}, "user/list": {"minute": 3}}
    for _ in range(3):
        a_call("user/list")
    for _ in range(4):
        a_call("user/get")
    a_call("agent/get", AddressNotTrusted(60020, "not allow", api="agent/get"))
    page = shown(hq)
    assert "错误码 60020" in page
    assert "企业可信IP" in page
    assert "<code>user/get</code>" in page
    assert ">4 / 10<" in page
    assert "user/list 接近上限" in page
    a_call("user/get", LimitReached(45009, "api freq out of limit", api="user/get"))
    assert "user/get 被限频" in shown(hq)


def test_a_refusal_that_concerns_one_guest_is_no_trouble(hq: Client) -> None:
    a_call("externalcontact/get", WecomError(84061, "not external contact"))
    page = shown(hq)
    assert "一切正常" in page
    assert "84061" in page


def test_without_redis_the_page_opens_and_says_what_it_means(
    hq: Client, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    page = shown(hq)
    assert "Redis 连不上" in page
    assert "每个进程只用上限的十分之一" in page


def test_callbacks_are_counted_by_minute_and_their_lag_measured(cast: Cast) -> None:
    now = timezone.now()
    for minutes, count in ((0.5, 2), (10.5, 3), (59.5, 1), (61, 7)):
        for number in range(count):
            at = now - timedelta(minutes=minutes)
            body = an_event("change_external_chat", "update", ChatId=f"wr{minutes}{number}")
            a_row(body, received_at=at)
    read_waiting(by=BY)
    minutes_of = queries.received_by_minute(now)
    assert (len(minutes_of), sum(minutes_of)) == (60, 6)
    assert (minutes_of[-1], minutes_of[-11], minutes_of[0]) == (2, 3, 1)
    lags = queries.callback_lags(now)
    assert lags.of == 6
    assert lags.read[0] is not None
    assert lags.read[1] is not None
    # Half are at most ten minutes old, one nearly an hour.
    assert 600 < lags.read[0] < 700
    assert 3500 < lags.read[1] < 3700


def test_the_handling_of_a_callback_is_measured_when_all_of_it_is_done(cast: Cast) -> None:
    now = timezone.now()
    a_row(an_event("change_external_chat", "update", ChatId="wr1"), received_at=now)
    read_waiting(by=BY)
    Handling.objects.all().delete()
    event = DomainEvent.objects.get()
    done = {"state": "done", "claimed_at": now + timedelta(seconds=4)}
    Handling.objects.create(event=event, handler="one", **done)
    other = Handling.objects.create(event=event, handler="two", state="waiting")
    assert queries.callback_lags(now).handled == (None, None)
    Handling.objects.filter(pk=other.pk).update(state="done", claimed_at=now + timedelta(seconds=9))
    assert queries.callback_lags(now).handled == (9.0, 9.0)


def test_what_waits_too_long_is_named(hq: Client) -> None:
    long_ago = timezone.now() - timedelta(minutes=20)
    a_row("<xml/>", received_at=long_ago)
    row = a_wish("app_message", {"userids": ["lin"], "text": "您好"})
    OutboxRow.objects.filter(pk=row.pk).update(next_try_at=long_ago)
    page = shown(hq)
    assert "1 条回调等着读" in page
    assert "1 条应用消息没有按时发出" in page
    assert "20 分钟" in page
    OutboxPause.objects.create(app="main", kind="app_message", by="test", reason="改文案")
    page = shown(hq)
    assert "没有按时发出" not in page
    assert "已暂停发送：应用消息" in page


def test_wishes_stand_by_kind_and_state(cast: Cast) -> None:
    now = timezone.now()
    for state, ended in (("failed", now), ("unknown", now), ("sent", now), ("planned", None)):
        row = a_wish("app_message", {"userids": ["lin"], "text": "您好"})
        OutboxRow.objects.filter(pk=row.pk).update(state=state, ended_at=ended)
    (found,) = queries.outbox_open(now + timedelta(seconds=1))
    counts = (found.planned, found.due, found.failed, found.unknown, found.missed, found.sending)
    assert counts == (1, 1, 1, 1, 0, 0)
    assert queries.sent_since(now - timedelta(minutes=1)) == {"app_message": 1}
    assert isinstance(found.oldest_due_at, datetime)


# ---------------------------------------------------------------- buttons


def test_pausing_and_resuming_is_done_said_and_logged(hq: Client) -> None:
    told = press(hq, "pause", kind="mass_send", app="main", reason="大促前核对")
    assert "已暂停发送：群发任务（main）" in told
    assert "大促前核对" in told
    assert OutboxPause.objects.get().kind == "mass_send"
    assert "没有可以改变的" in press(hq, "pause", kind="mass_send", app="main", reason="再来")
    assert "已恢复发送：群发任务（main）" in press(hq, "resume", kind="mass_send", app="main")
    assert not OutboxPause.objects.exists()
    logged = LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)
    assert list(logged) == ["已暂停发送：群发任务（main）", "已恢复发送：群发任务（main）"]


def test_parked_callbacks_are_read_again(hq: Client) -> None:
    a_parked_callback()
    a_parked_callback()
    page = shown(hq)
    assert "2 条回调没读懂" in page
    assert "重新读取 2 条？" in page
    assert "重新读取 2 条回调" in press(hq, "reopen", kind="")
    assert not InboxMessage.objects.filter(state="parked").exists()
    assert "没有可以改变的" in press(hq, "reopen", kind="")


def test_parked_reactions_are_tried_again(hq: Client) -> None:
    mine, other = a_parked_reaction(), a_parked_reaction(1, "another.handler")
    assert "2 个事件没处理完" in shown(hq)
    assert "重新处理 1 个事件" in press(hq, "handle_again", handler=REACT)
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, mine.attempts, other.state) == ("waiting", 0, "parked")
    assert LogEntry.objects.get().object_repr == f"重新处理 1 个事件：{REACT}"


def test_a_sweep_begins_now(hq: Client) -> None:
    for _ in range(2):
        assert "开始对账：企业标签" in press(hq, "sweep", kind="tags")
    sweep = Sweep.objects.get()
    assert (sweep.kind, sweep.is_thorough) == ("tags", True)


@pytest.mark.parametrize(
    "nonsense",
    [{"do": "drop"}, {"do": ""}, {"do": "sweep", "kind": "moon"}, {"do": "pause", "kind": "moon"}],
)
def test_what_is_no_button_changes_nothing(hq: Client, nonsense: dict[str, str]) -> None:
    assert "没有这个操作" in press(hq, **nonsense)
    assert not LogEntry.objects.exists()


def test_a_failed_sweep_is_trouble(hq: Client) -> None:
    Sweep.objects.create(kind="groups", state="failed", error="48002", begun_by="test")
    page = shown(hq)
    assert "对账失败：客户群" in page
    assert "48002" in page
