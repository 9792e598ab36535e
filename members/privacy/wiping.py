"""A legal entity leaves the brand: its people go, nobody else's rows change (PIPL 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.consent.actions import leave_membership
from members.identity.models import Contact, Member, MemberState
from members.privacy.erasing import erase_member
from members.privacy.erasing_below import forget_people_of_wecom
from members.privacy.models import SubjectRequest
from members.privacy.retaining import delete_with_owned, own_models
from members.privacy.trails import leave_trail


class Fate(StrEnum):
    """What becomes of a table's rows of the entity that leaves."""

    GOES = "goes"
    EMPTIED = "emptied"
    STAYS = "stays"


# Every table that names an entity, and why what stays may stay; a test knows no other.
FATES: Final[Mapping[str, tuple[Fate, str]]] = {
    "members.Member": (Fate.EMPTIED, "只剩序号，订单仍按序号记账"),
    "members.SubjectRequest": (Fate.EMPTIED, "原话和联系方式删去；办过什么要留 3 年"),
    "members.Identity": (Fate.GOES, ""),
    "members.Contact": (Fate.GOES, ""),
    "members.Trait": (Fate.GOES, ""),
    "members.MemberImport": (Fate.GOES, ""),
    "members.PointsProposal": (Fate.GOES, ""),
    "members.OutsideDifference": (Fate.GOES, ""),
    "members.OutsideMaster": (Fate.GOES, ""),
    "members.Notice": (Fate.STAYS, "授权记录的依据，公开的文字"),
    "members.Erasure": (Fate.STAYS, "恢复备份后据此再删；只有摘要"),
    "members.ImpactAssessment": (Fate.STAYS, "签字后至少 3 年；没有个人信息"),
    "members.Headcount": (Fate.STAYS, "每天的人数"),
    "members.PointsRule": (Fate.STAYS, "规则的版本；没有个人信息"),
    "members.TierRule": (Fate.STAYS, "规则的版本；没有个人信息"),
    "members.CouponKind": (Fate.STAYS, "券种；没有个人信息"),
    "stores.Store": (Fate.STAYS, "门店的名称和地址；销售事实按门店记账"),
    "stores.Settlement": (Fate.STAYS, "导购的工资凭证，依法保存"),
}


@dataclass(frozen=True, slots=True)
class Wiped:
    """How many of each were removed."""

    members: int
    contacts: int
    rows: int


def wipe_entity(entity_id: int, *, by: Actor, batch: int = 500) -> Wiped:
    """Erase every person of the entity, and every row about people that names it.

    What stays holds nobody: `FATES` says it of each table. Repeating goes on.
    """
    members = contacts = rows = 0
    while keys := _living(entity_id, by, batch):
        for key in keys:
            leave_membership(key, by=by)
            erase_member(key, why="主体退出", by=by, at=timezone.now())
        members += len(keys)
    while gone := forget_contacts(entity_id, limit=batch, by=by):
        contacts += gone
    empty_requests(entity_id, by=by)
    for model, _ in own_models():
        fate, _ = FATES.get(model._meta.label, (Fate.STAYS, ""))
        while fate == Fate.GOES and (gone := delete_rows(model, entity_id, limit=batch, by=by)):
            rows += gone
    return Wiped(members, contacts, rows)


def _living(entity_id: int, by: Actor, batch: int) -> list[int]:
    with scope_of(by):
        rows = Member.objects.filter(entity=entity_id).exclude(state=MemberState.ERASED)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:batch])


@action
def forget_contacts(entity_id: int, *, limit: int, by: Actor) -> int:
    """Remove the next contacts of the entity who are nobody's member; how many.

    Whom another entity knows too stays in what mirrors WeCom.
    """
    rows = Contact.objects.filter(entity=entity_id, member=None).order_by("pk")[:limit]
    found = dict(rows.values_list("pk", "external_userid"))
    elsewhere = set(
        Contact.objects.filter(external_userid__in=found.values())
        .exclude(entity=entity_id)
        .values_list("external_userid", flat=True)
    )
    theirs = [person for person in found.values() if person not in elsewhere]
    leave_trail(theirs)
    forget_people_of_wecom(theirs)
    Contact.objects.filter(pk__in=found).delete()
    return len(found)


@action
def empty_requests(entity_id: int, *, by: Actor) -> int:
    """What people wrote, and how they are reached, goes; that it was answered stays; how many."""
    said = SubjectRequest.objects.filter(entity=entity_id).filter(
        Q(words__isnull=False) | Q(reply_to__isnull=False)
    )
    rows = list(said)
    for row in rows:
        row.words = row.reply_to = None
        row.save(update_fields=["words", "reply_to"])
    return len(rows)


@action
def delete_rows(model: Any, entity_id: int, *, limit: int, by: Actor) -> int:
    """Delete the next rows of a table that name the entity, and what ends with them; how many."""
    rows = model._base_manager.filter(entity=entity_id).order_by("pk")
    keys = list(rows.values_list("pk", flat=True)[:limit])
    delete_with_owned(model, keys)
    return len(keys)
