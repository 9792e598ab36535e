"""Taking an import back: members it made and who did nothing since go; changes that still stand are
turned back. What life has gone on with stays, and is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from kit.actions import must_be_in_action
from members.consent.models import ConsentEvent, ConsentState, Method
from members.identity.models import Identity, Member, MemberState
from members.imports.models import ImportedMember, MemberImport
from members.imports.opening import moved_since, take_back
from members.rewards.models_of_points import PointsAccount
from stores.ledger.models import MergedMember, Ownership, PurchaseLine, ReceiptMember, Touch

_ITS_OWN = (Identity, ImportedMember, ConsentEvent, ConsentState, PointsAccount)


@dataclass(frozen=True, slots=True)
class Undone:
    """How many members a portion took back, and how many stay as they are."""

    undone: int
    stay: int


def undo_rows(batch: MemberImport, most: int) -> tuple[Undone, bool]:
    """Take the next members of the import back; whether any are left. A step."""
    must_be_in_action()
    rows = list(ImportedMember.objects.filter(batch=batch).order_by("-row")[: most + 1])
    chosen = rows[:most]
    made = [row for row in chosen if row.is_new]
    held = _locked(row.member_id for row in chosen)
    lived = _lived(batch, [row.member_id for row in made])
    gone = [row.member_id for row in made if row.member_id not in lived]
    _take_away(gone)
    turned = [row for row in chosen if not row.is_new and _turn_back(held[row.member_id], row)]
    ImportedMember.objects.filter(pk__in=[row.pk for row in chosen]).delete()
    undone = len(gone) + len(turned)
    return Undone(undone, len(chosen) - undone), len(rows) > most


def _locked(keys: Iterable[int]) -> dict[int, Member]:
    found = Member.objects.select_for_update(of=("self",)).filter(pk__in=list(keys))
    return {member.pk: member for member in found.order_by("pk")}


def _lived(batch: MemberImport, keys: Collection[int]) -> set[int]:
    """Those to whom anything happened that the import did not do: in any table that knows her."""
    lived = set(Member.objects.filter(pk__in=keys).exclude(version=0).values_list("pk", flat=True))
    lived |= set(
        Member.objects.filter(pk__in=keys)
        .exclude(state=MemberState.ACTIVE)
        .values_list("pk", flat=True)
    )
    for relation in Member._meta.related_objects:
        model = relation.related_model
        if not isinstance(model, type) or model in _ITS_OWN:
            continue
        name = relation.field.attname
        lived |= _named(model._default_manager.filter(**{f"{name}__in": keys}), name)
    identities = Identity.objects.filter(member__in=keys).exclude(verified_at=None)
    elsewhere = ImportedMember.objects.filter(member__in=keys).exclude(batch=batch)
    decided = ConsentEvent.objects.filter(member__in=keys).exclude(method=Method.IMPORT)
    for found in (identities, elsewhere, decided):
        lived |= _named(found, "member_id")
    lived |= _named(moved_since(batch, keys), "account__member_id")
    for table in (Touch, PurchaseLine, ReceiptMember, MergedMember):
        lived |= _named(table._default_manager.filter(member_no__in=keys), "member_no")
    moved = Ownership.objects.filter(member_no__in=keys).exclude(reason="import")
    return lived | _named(moved, "member_no")


def _named(rows: QuerySet[object], column: str) -> set[int]:  # type: ignore[type-var]
    return set(rows.values_list(column, flat=True).distinct())


def _take_away(keys: Collection[int]) -> None:
    """They are gone, as if they had never come; who stands in a log that stays is emptied."""
    Ownership.objects.filter(member_no__in=keys, reason="import").delete()
    logged = set(
        ConsentEvent.objects.filter(member__in=keys).values_list("member_id", flat=True).distinct()
    )
    # The ledger of points keeps what it was told, and that it was taken back.
    logged |= take_back(keys, timezone.now())
    Member.objects.filter(pk__in=set(keys) - logged).delete()
    for member in Member.objects.filter(pk__in=logged):
        Identity.objects.filter(member=member).delete()
        ConsentState.objects.filter(member=member).update(is_granted=False)
        member.name = member.phone = member.birth_year = None
        member.state, member.left_at = MemberState.ERASED, timezone.now()
        member.owner = None
        member.save(update_fields=["name", "phone", "birth_year", "state", "left_at", "owner"])


def _turn_back(member: Member, row: ImportedMember) -> bool:
    """Give her back what she had, where nobody has changed it since; False when nothing was."""
    changed: list[str] = []
    if "tier" in row.changed and member.tier == row.changed["tier"][1]:
        member.tier = row.changed["tier"][0]
        changed.append("tier")
    if "owner" in row.changed and member.owner_id == row.changed["owner"][1]:
        member.owner = None
        Ownership.objects.filter(member_no=member.pk, reason="import", until=None).update(
            until=timezone.now()
        )
        changed.append("owner")
    if "birth_year" in row.changed and member.birth_year == row.changed["birth_year"][1]:
        member.birth_year = None
        changed.append("birth_year")
    if "name" in row.changed:
        member.name = None
        changed.append("name")
    member.save(update_fields=changed)
    return bool(changed)
