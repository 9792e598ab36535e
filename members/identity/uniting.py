"""Two members become one, and part again: the only places where that happens."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.errors import CannotPart, NotOnePerson, PartLaterFirst
from members.identity.merging import Pair, movers
from members.identity.models import (
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Merge,
    MergeReason,
    MergeSuggestion,
)
from members.identity.rules import Record, kept_first
from members.identity.steps import tell_guide
from stores.ledger.queries import present_numbers
from stores.ledger.steps import record_merge
from stores.ledger.steps import undo_merge as part_numbers

_MAY_BE_KEPT = {MemberState.ACTIVE, MemberState.LEFT}


@action
def merge_members(
    first_id: int,
    second_id: int,
    *,
    reason: MergeReason,
    evidence: Collection[str] = (),
    decided_by: str = "",
    by: Actor,
) -> Merge | None:
    """Make one member of two; None when they are one already. Emits `members_merged`.

    Everything of the gone one moves to the kept one and is written down, so that `undo_merge` can
    take back exactly that. Old links and cards lead on. Refuses two legal entities, erased and
    restricted ones. `by` has to see everything: a row it does not meet would stay behind.
    """
    if not by.scope.everything:
        raise PermissionError("a merge is made by who sees every row of both")
    merge = _merge(first_id, second_id, reason, evidence, decided_by or str(by))
    if merge is not None:
        _close_suggestion(merge, decided_by or str(by))
    return merge


def _merge(
    first_id: int, second_id: int, reason: MergeReason, evidence: Collection[str], actor: str
) -> Merge | None:
    now = timezone.now()
    found = _locked_pair(first_id, second_id)
    if found is None:
        return None
    kept, gone = _in_order(*found)
    merge = Merge.objects.create(
        kept=kept, gone=gone, reason=reason, evidence=sorted(evidence), at=now, actor=actor
    )
    pair = Pair(merge, kept, gone, now)
    merge.moved = {path: mover.move(pair) for path, mover in movers()}
    merge.save(update_fields=["moved"])
    _save_state(gone, MemberState.MERGED, into=kept)
    _save_state(kept, kept.state, into=None)
    record_merge(member_no=gone.pk, into_no=kept.pk, at=now)
    emit(
        "members_merged",
        subject=f"member:{shown_id(kept.public_id)}",
        kept=kept.pk,
        gone=gone.pk,
        merge=merge.pk,
    )
    _tell(kept)
    return merge


@action
def undo_merge(merge_id: int, *, decided_by: str = "", by: Actor) -> Merge:
    """Part two members again: what moved goes back, what came since stays and is listed.

    Undone before, nothing changes. Emits `merge_undone`. Refuses while a later merge stands
    (PartLaterFirst) and when the kept one was erased (CannotPart). The pair is not suggested again.
    """
    if not by.scope.everything:
        raise PermissionError("a merge is undone by who sees every row of both")
    row = Merge.objects.get(pk=merge_id)
    members = {m.pk: m for m in _locked([row.kept_id, row.gone_id])}
    merge = Merge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    if merge.undone_at is not None:
        return merge
    kept, gone = members[merge.kept_id], members[merge.gone_id]
    _must_part(merge, kept, gone)
    now = timezone.now()
    pair = Pair(merge, kept, gone, now)
    left_over: list[str] = []
    # The numbers part first: whatever befalls the kept one from here on is not the gone one's.
    part_numbers(member_no=gone.pk, at=now)
    for path, mover in reversed(movers()):
        if path in merge.moved:
            left_over += mover.part(pair, merge.moved[path])
    # Whoever left since left as both: nobody becomes a member again without her own word.
    state = MemberState.LEFT if kept.state == MemberState.LEFT else _state_before(merge)
    gone.left_at = gone.left_at or kept.left_at if state == MemberState.LEFT else gone.left_at
    _save_state(gone, state, into=None)
    _save_state(kept, kept.state, into=None)
    merge.undone_at, merge.undone_by, merge.left_over = now, decided_by or str(by), left_over
    merge.save(update_fields=["undone_at", "undone_by", "left_over"])
    MergeSuggestion.objects.filter(merge=merge).update(is_same=False, merge=None)
    emit(
        "merge_undone",
        subject=f"member:{shown_id(kept.public_id)}",
        kept=kept.pk,
        gone=gone.pk,
        merge=merge.pk,
    )
    _tell(kept)
    return merge


def _locked_pair(first_id: int, second_id: int) -> tuple[Member, Member] | None:
    """Both as they are today, alone; None when they are one. Merged ones are followed.

    Locked before they are looked at: a merge in the same moment is waited for and then followed.
    """
    numbers = {first_id, second_id}
    while True:
        locked = _locked(numbers)
        today = set(present_numbers([m.pk for m in locked]).values())
        if len(today) == 1:
            return None
        if today == numbers:
            one, other = locked
            return one, other
        numbers = today


def _locked(numbers: Collection[int]) -> list[Member]:
    """Always in the order of their numbers: two merges then wait, not deadlock."""
    must_be_in_action()
    rows = Member.objects.select_for_update(of=("self",)).filter(pk__in=numbers)
    return list(rows.select_related("entity").order_by("pk"))


def _in_order(one: Member, other: Member) -> tuple[Member, Member]:
    """Who is kept and who goes. Refuses what must not become one."""
    if one.entity_id != other.entity_id or one.restricted_at or other.restricted_at:
        raise NotOnePerson
    by_number = {one.pk: one, other.pk: other}
    proven = set(
        Identity.objects.filter(member__in=by_number, kind=IdentityKind.PHONE)
        .exclude(verified_at=None)
        .values_list("member_id", flat=True)
    )
    records = [
        Record(
            number=member.pk,
            is_active=member.state == MemberState.ACTIVE,
            has_proven_phone=member.pk in proven,
            joined_at=member.joined_at,
        )
        for member in (one, other)
    ]
    kept, gone = (by_number[record.number] for record in kept_first(*records))
    if kept.state not in _MAY_BE_KEPT or gone.state == MemberState.ERASED:
        raise NotOnePerson
    return kept, gone


def _must_part(merge: Merge, kept: Member, gone: Member) -> None:
    if MemberState.ERASED in {kept.state, gone.state}:
        raise CannotPart
    later = Merge.objects.filter(undone_at=None, pk__gt=merge.pk).filter(
        Q(kept=kept) | Q(gone=kept)
    )
    if later.exists():
        raise PartLaterFirst


def _state_before(merge: Merge) -> str:
    return str(merge.moved["members.identity.moving.MOVER"]["state"])


def _save_state(member: Member, state: str, *, into: Member | None) -> None:
    """State and a new version: whoever edits an old copy is told."""
    member.state, member.merged_into = state, into
    member.version += 1
    member.save(update_fields=["state", "merged_into", "left_at", "version"])


def _close_suggestion(merge: Merge, actor: str) -> None:
    first, second = sorted((merge.kept_id, merge.gone_id))
    MergeSuggestion.objects.filter(first=first, second=second).update(
        is_same=True, decided_at=merge.at, decided_by=actor, merge=merge
    )


def _tell(kept: Member) -> None:
    if kept.owner is not None:
        tell_guide(kept.owner, kind="member", subject=shown_id(kept.public_id))
