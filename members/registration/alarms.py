"""Whether one-time codes are asked for by customers, or by those who earn with each text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.registration.limiting import hour_of
from members.registration.models import CodeRequest, OneTimeCode
from members.registration.models_of_phones import AlarmKind, CodeAlarm
from members.registration.rules import CODE_LIVES, is_pumped

_WINDOW: Final = timedelta(hours=1)


@action
def watch_codes(*, by: Actor) -> CodeAlarm | None:
    """Compare what was sent with what was typed, in the hour that ended ten minutes ago.

    Younger codes may still be typed. One alarm of a kind for each hour; None without one.
    """
    now = timezone.now()
    sent, proven = sent_and_proven(now)
    if not is_pumped(sent=sent, proven=proven):
        return None
    return _raise(AlarmKind.RATIO, now, sent, proven)


@action
def note_budget_spent(*, by: Actor) -> CodeAlarm:
    """Somebody was refused since the hour's budget is gone: HQ is told once for each hour."""
    now = timezone.now()
    return _raise(AlarmKind.BUDGET, now, *sent_and_proven(now))


def sent_and_proven(now: datetime) -> tuple[int, int]:
    """How many codes were sent in the last full hour of codes that have ended, how many typed."""
    until = now - CODE_LIVES
    within = {"gt": until - _WINDOW, "lte": until}
    sent = CodeRequest.objects.filter(**{f"at__{key}": at for key, at in within.items()}).count()
    proven = OneTimeCode.objects.filter(
        **{f"made_at__{key}": at for key, at in within.items()}, proven_at__isnull=False
    ).count()
    return sent, proven


def _raise(kind: AlarmKind, now: datetime, sent: int, proven: int) -> CodeAlarm:
    alarm, _ = CodeAlarm.objects.get_or_create(
        kind=kind, hour=hour_of(now), defaults={"sent": sent, "proven": proven, "raised_at": now}
    )
    return alarm
