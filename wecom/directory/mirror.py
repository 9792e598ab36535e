"""Laying WeCom's answers over the mirrors. An answer asked for earlier is never laid over a later.

Each action returns the differences that it repaired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from wecom.directory.models import Department, Staff
from wecom.directory.portions import Found
from wecom.gateway import Department as DepartmentCard
from wecom.gateway import StaffCard

_WORDS = {"name": "姓名", "position": "职务", "department_ids": "部门", "state": "状态"}


@action
def take_departments(
    rows: Sequence[DepartmentCard], *, asked_at: datetime, by: Actor
) -> list[Found]:
    """Make the departments equal to WeCom's list: new ones, changed ones, those that are gone."""
    held = {row.department_id: row for row in Department.objects.select_for_update().order_by("pk")}
    found = []
    for card in rows:
        row = held.pop(card.id, None) or Department(department_id=card.id, read_at=asked_at)
        is_new = row.pk is None
        if not is_new and row.read_at > asked_at:
            continue
        before = (row.name, row.parent_id, row.position, row.gone_at)
        row.name, row.parent_id, row.position = card.name[:200], card.parent_id, card.order
        row.gone_at, row.read_at = None, asked_at
        row.save()
        if is_new or before != (row.name, row.parent_id, row.position, None):
            word = "新增部门" if is_new else "部门变更"
            found.append(Found(f"department:{card.id}", word, row.name))
    for row in held.values():
        if row.gone_at is None and row.read_at <= asked_at:
            row.gone_at = row.read_at = asked_at
            row.save(update_fields=["gone_at", "read_at"])
            found.append(Found(f"department:{row.department_id}", "部门已删除", row.name))
    return found


@action
def take_staff(rows: Sequence[StaffCard], *, asked_at: datetime, by: Actor) -> list[Found]:
    """Lay members over the mirror; who came or changed is a difference that HQ reads.

    Not told to the floors: departments of WeCom's are no stores of ours.
    """
    cards = {card.userid: card for card in rows}
    Staff.objects.bulk_create(
        [Staff(userid=userid, read_at=asked_at, gone_at=asked_at) for userid in sorted(cards)],
        ignore_conflicts=True,
    )
    found: list[Found] = []
    same: list[int] = []
    held = Staff.objects.select_for_update().filter(userid__in=cards).order_by("userid")
    for row in held:
        if row.read_at > asked_at:
            continue
        news = _lay(row, cards[row.userid], asked_at)
        found += news
        if not news:
            same.append(row.pk)
    Staff.objects.filter(pk__in=same).update(read_at=asked_at)
    return found


@action
def take_serving(userids: Iterable[str], *, by: Actor) -> None:
    """Note which members may have customers."""
    serving = list(userids)
    Staff.objects.filter(userid__in=serving, serves_contacts=False).update(serves_contacts=True)
    others = Staff.objects.filter(serves_contacts=True).exclude(userid__in=serving)
    others.update(serves_contacts=False)


@action
def lose_staff(userids: Iterable[str], *, asked_at: datetime, by: Actor) -> list[Found]:
    """Note members whom WeCom does not know any more. Emits `staff_gone` once for each."""
    found = []
    rows = Staff.objects.present().select_for_update().filter(userid__in=list(userids))
    for row in rows.filter(read_at__lte=asked_at).order_by("userid"):
        row.gone_at = row.read_at = asked_at
        row.save(update_fields=["gone_at", "read_at"])
        emit("staff_gone", subject=f"staff:{row.userid}", userid=row.userid)
        found.append(Found(f"staff:{row.userid}", "成员已离开或不在可见范围", row.name))
    return found


@action
def rename_staff(userid: str, new_userid: str, *, by: Actor) -> bool:
    """A member's id was changed at WeCom, which it allows once; False when that is known.

    Where a sweep met the new id first, the old row ends without a word: nobody has gone.
    """
    rows = Staff.objects.select_for_update().filter(userid__in=[userid, new_userid])
    held = {row.userid: row for row in rows.order_by("userid")}
    row = held.get(userid)
    if row is not None and new_userid in held:
        row.gone_at = row.gone_at or timezone.now()
        row.save(update_fields=["gone_at"])
    elif row is not None:
        row.userid = new_userid
        row.save(update_fields=["userid"])
    told = emit(
        "staff_renamed",
        subject=f"staff:{new_userid}",
        once=f"staff_renamed:{userid}:{new_userid}",
        userid=userid,
        new_userid=new_userid,
    )
    return told is not None


def _lay(row: Staff, card: StaffCard, asked_at: datetime) -> list[Found]:
    """One member, locked: what changed. Unchanged, nothing is written."""
    subject, came = f"staff:{row.userid}", row.gone_at is not None
    said = {
        "name": card.name[:100],
        "position": card.position[:200],
        "department_ids": sorted(card.department_ids),
        "main_department": card.main_department,
        "state": str(card.state),
    }
    changed = [name for name, value in said.items() if getattr(row, name) != value]
    if not came and not changed:
        return []
    for name, value in said.items():
        setattr(row, name, value)
    row.read_at, row.gone_at = asked_at, None
    row.save()
    if came:
        return [Found(subject, "新成员", row.name)]
    words = [_WORDS[name] for name in changed if name in _WORDS]
    return [Found(subject, "成员变更", "、".join(words))]
