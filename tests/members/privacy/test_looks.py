"""Whole phone numbers are shown for a reason, fifty a day, and she sees who looked (F-54, L-38)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from kit.actions import scope_of
from kit.fields import shown_id
from members.identity.access import actor_of_member
from members.identity.models import Member
from members.privacy.actions import reveal_phone
from members.privacy.errors import NoReason, TooManyLooks
from members.privacy.models import AccessLog
from members.privacy.models_of_duty import AccountLook
from members.privacy.months import end_months, open_months_from
from members.privacy.panels import alarms_at
from members.privacy.queries import looks_at
from members.privacy.rules import LOOKS_A_DAY, LOOKS_ALARM
from stores.org.access import actor_of_guide
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_number_comes_with_a_line_that_she_sees(cast: Cast) -> None:
    by = actor_of_guide(cast.lin)
    assert reveal_phone(cast.chen.pk, reason="delivery", by=by) == "+8613800000001"
    with scope_of(actor_of_member(cast.chen)):
        (look,) = looks_at(cast.chen)
    assert (look.who, look.reason, look.fields) == ("林晓", "送货或到货通知", ("phone",))


def test_equal_looks_of_one_day_are_one_line_with_their_number(cast: Cast) -> None:
    by, noon = actor_of_guide(cast.lin), timezone.localtime().replace(hour=12, minute=0)
    for minutes in (0, 20, 40):
        at = noon + timedelta(minutes=minutes)
        reveal_phone(cast.chen.pk, reason="delivery", by=by, at=at)
    reveal_phone(cast.chen.pk, reason="refund", by=by, at=noon)
    reveal_phone(cast.chen.pk, reason="delivery", by=by, at=noon + timedelta(days=1))
    reveal_phone(
        cast.chen.pk,
        reason="delivery",
        by=actor_of_guide(cast.manager),
        at=noon + timedelta(hours=2),
    )
    with scope_of(actor_of_member(cast.chen)):
        seen = [(look.who, look.reason, look.times) for look in looks_at(cast.chen)]
        last = looks_at(cast.chen)[2].at
    assert seen == [
        ("林晓", "送货或到货通知", 1),
        (cast.manager.name, "送货或到货通知", 1),
        ("林晓", "送货或到货通知", 3),
        ("林晓", "退换货核对", 1),
    ]
    assert last == noon + timedelta(minutes=40)


def test_without_a_reason_nothing_is_shown_nor_counted(cast: Cast) -> None:
    with pytest.raises(NoReason):
        reveal_phone(cast.chen.pk, reason="curious", by=actor_of_guide(cast.lin))
    assert not AccessLog.objects.exists()
    assert not AccountLook.objects.exists()


def test_whom_the_guide_does_not_meet_she_does_not_see(cast: Cast) -> None:
    with pytest.raises(Member.DoesNotExist):
        reveal_phone(cast.chen.pk, reason="delivery", by=actor_of_guide(cast.ma))


def test_the_fifty_first_look_of_a_day_is_refused(cast: Cast) -> None:
    by, now = actor_of_guide(cast.lin), timezone.localtime().replace(hour=12)
    shown = refused = 0
    for _ in range(LOOKS_A_DAY + 10):
        try:
            reveal_phone(cast.chen.pk, reason="delivery", by=by, at=now)
            shown += 1
        except TooManyLooks:
            refused += 1
    assert (shown, refused, AccessLog.objects.count()) == (LOOKS_A_DAY, 10, LOOKS_A_DAY)
    reveal_phone(cast.chen.pk, reason="delivery", by=by, at=now + timedelta(days=1))
    reveal_phone(cast.chen.pk, reason="delivery", by=actor_of_guide(cast.manager), at=now)


def test_head_office_is_told_of_many_looks_before_the_limit_ends_them(cast: Cast) -> None:
    by = actor_of_guide(cast.lin)
    now = timezone.localtime().replace(hour=12)
    with capture_logs() as told:
        for _ in range(LOOKS_ALARM - 1):
            reveal_phone(cast.chen.pk, reason="delivery", by=by, at=now)
        assert alarms_at(now) == []
        assert told == []
        for _ in range(2):
            reveal_phone(cast.chen.pk, reason="delivery", by=by, at=now)
    assert [(one["event"], one["actor"]) for one in told] == [("many whole numbers seen", str(by))]
    (line,) = alarms_at(now + timedelta(days=1))
    assert (line.text, line.figure) == ("林晓", f"{LOOKS_ALARM + 1} 次")
    assert alarms_at(now + timedelta(days=2)) == []


def test_guide_and_head_office_ask_by_their_pages(cast: Cast) -> None:
    guide = Client()
    guide.force_login(cast.lin.account, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/tablet/members/{shown_id(cast.chen.public_id)}/phone/"
    assert "+8613800000001" not in guide.get(address).content.decode()
    assert "请选一个查看的理由" in guide.post(address).content.decode()
    assert "+8613800000001" in guide.post(address, {"reason": "refund"}).content.decode()
    hq = Client()
    hq.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/admin/members/accesslog/reveal/?member={cast.chen.pk}"
    assert "+8613800000001" not in hq.get(address).content.decode()
    assert "+8613800000001" in hq.post(address, {"reason": "complaint"}).content.decode()
    assert AccessLog.objects.count() == 2


def _months() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'members_accesslog'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def test_months_are_opened_ahead_and_never_dropped_within_half_a_year(cast: Cast) -> None:
    today = timezone.now().date()
    assert open_months_from(today + timedelta(days=200)) > 0
    assert open_months_from(today + timedelta(days=200)) == 0
    old = (today - timedelta(days=220)).replace(day=1)
    open_months_from(old)
    assert f"members_accesslog_{old:%Y%m}" in _months()
    for keep in ("179 days", "0 days", "1 month"):
        with pytest.raises(DatabaseError), transaction.atomic():
            end_months(keep)
    end_months("180 days")
    within = {f"members_accesslog_{today - timedelta(days=back):%Y%m}" for back in (0, 30)}
    assert within <= _months()
    assert f"members_accesslog_{old:%Y%m}" not in _months()
    end_months()
    assert within <= _months()
