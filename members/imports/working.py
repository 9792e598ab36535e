"""A worker's part: find imports that are under way, hold one by PostgreSQL's session lock, go on
until the time is over. Whoever dies loses the lock and the portion at hand, nothing else.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from kit.actions import action, scope_of, session_lock
from kit.actor import Actor
from members.imports.actions import empty
from members.imports.models import AT_WORK, ImportState, MemberImport
from members.imports.portions import next_portion, read_file

US = Actor.system("import of members")
# A class of locks that no other table uses; see kit.actions.session_lock.
_LOCK_CLASS = 4741
_LIVES = timedelta(days=7)
_WAITING = (ImportState.MAPPING, ImportState.TRIED, ImportState.DROPPED)


def carry_on_all(*, seconds: float) -> None:
    """Work on every import that is under way and that nobody else holds, oldest first."""
    until = time.monotonic() + seconds
    with scope_of(US):
        waiting = list(
            MemberImport.objects.filter(state__in=AT_WORK)
            .order_by("created_at")
            .values_list("pk", flat=True)
        )
    for key in waiting:
        if time.monotonic() < until:
            carry_on(key, until=until)


def carry_on(batch_id: int, *, until: float = float("inf")) -> bool:
    """Work on one import; False when somebody alive does already."""
    with session_lock(_LOCK_CLASS, batch_id) as is_ours:
        if not is_ours:
            return False
        with scope_of(US):
            state = MemberImport.objects.values_list("state", flat=True).get(pk=batch_id)
        if state == ImportState.READING:
            _read(batch_id, until)
        while time.monotonic() < until and next_portion(batch_id, by=US):
            pass
    return True


def _read(batch_id: int, until: float) -> None:
    read_file(batch_id, by=US, goes_on=lambda: time.monotonic() < until)


@action
def _empty_one(batch_id: int, *, by: Actor) -> None:
    batch = MemberImport.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.emptied_at is None and batch.state in _WAITING:
        batch.state, batch.ended_at = ImportState.DROPPED, timezone.now()
        batch.error = batch.error or "7 天没有导入，文件已删除"
        batch.save(update_fields=["state", "ended_at", "error"])
        empty(batch)


def empty_old() -> int:
    """Delete files that nobody brought in within seven days; how many."""
    with scope_of(US):
        old = list(
            MemberImport.objects.filter(
                state__in=_WAITING, emptied_at=None, created_at__lt=timezone.now() - _LIVES
            ).values_list("pk", flat=True)
        )
    for key in old:
        _empty_one(key, by=US)
    return len(old)
