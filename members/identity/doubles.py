"""Likely doubles: found by what two records share, merged on proof, else asked about, decided."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product

from django.db.models import Q, QuerySet
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import emit
from kit.fields import blind_index, shown_id
from members.identity.errors import AlreadyDecided, NotOnePerson
from members.identity.models import (
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Merge,
    MergeReason,
    MergeSuggestion,
)
from members.identity.models_of_doubles import Trait, TraitKind
from members.identity.rules import PROOFS, Judgement, contradictions, judge, plain_name
from members.identity.uniting import merge_members, undo_merge
from stores.ledger.queries import numbers_of, present_numbers

_MOST_LIKE_HER = 5
_PORTION = 500
_REASONS = {
    "phone_proven": MergeReason.PHONE,
    "unionid": MergeReason.UNIONID,
    "external_with_phone": MergeReason.EXTERNAL_USERID,
    "card_shown": MergeReason.CARD,
}
_COMPARED = (MemberState.ACTIVE, MemberState.PENDING)


def weigh(first_id: int, second_id: int, evidence: Collection[str], *, by: Actor) -> Judgement:
    """Merge two members, suggest them to a person, or do nothing: as the evidence is worth."""
    with scope_of(by):
        today = present_numbers([first_id, second_id])
        one, other = today[first_id], today[second_id]
        if one == other:
            return Judgement.NOTHING
        said = set(evidence) | _known_of(one, other, evidence)
        if _was_refused(one, other):
            # A person's word stands, whatever a machine finds later; she may think again.
            return Judgement.NOTHING
    verdict = judge(said)
    if verdict is Judgement.MERGE:
        reason = next(_REASONS[code] for code in sorted(said & PROOFS))
        try:
            merge_members(one, other, reason=reason, evidence=said, by=by)
        except NotOnePerson:
            return Judgement.NOTHING
    elif verdict is Judgement.SUGGEST:
        suggest_pair(one, other, evidence=said, by=by)
    return verdict


def _known_of(one: int, other: int, evidence: Collection[str]) -> set[str]:
    """What the identifiers of the two say: against it, or that a phone stands behind a contact."""
    rows = list(
        Identity.objects.filter(member__in=[one, other])
        .exclude(verified_at=None)
        .values_list("member_id", "kind", "digest")
    )
    phones = tuple(
        {
            bytes(digest).hex()
            for member, kind, digest in rows
            if (member, kind) == (number, "phone")
        }
        for number in (one, other)
    )
    wechats = tuple(
        any((member, kind) == (number, IdentityKind.UNIONID) for member, kind, _ in rows)
        for number in (one, other)
    )
    found = contradictions(phones=(phones[0], phones[1]), wechats=(wechats[0], wechats[1]))
    return found | ({"external_with_phone"} if "one_contact" in evidence and any(phones) else set())


def _was_refused(one: int, other: int) -> bool:
    """Somebody said of these two, or of what was merged into either, that they are not one."""
    wanted = Q(pk__in=[])
    for pair in product(_all_numbers(one), _all_numbers(other)):
        first, second = sorted(pair)
        wanted |= Q(first=first, second=second)
    return MergeSuggestion.objects.filter(wanted, is_same=False).exists()


@action
def suggest_pair(
    first_id: int, second_id: int, *, evidence: Collection[str], by: Actor
) -> MergeSuggestion | None:
    """Ask a person whether two are one; None when they were asked about before, or refused.

    A refusal holds for everything that was merged into either.
    """
    if _was_refused(first_id, second_id):
        return None
    first, second = sorted((first_id, second_id))
    made = MergeSuggestion(first_id=first, second_id=second, evidence=sorted(evidence))
    MergeSuggestion.objects.bulk_create([made], ignore_conflicts=True)
    return MergeSuggestion.objects.filter(public_id=made.public_id).first()


def _all_numbers(number: int) -> set[int]:
    return numbers_of([number])[number]


def answer(suggestion: MergeSuggestion, *, is_same: bool, by: Actor) -> Merge | None:
    """What a person who sees both says; the merge itself is made by the house, which sees all."""
    decided = decide_pair(suggestion.pk, is_same=is_same, by=by)
    return carry_out(decided) if is_same else None


@action
def decide_pair(suggestion_id: int, *, is_same: bool, by: Actor) -> MergeSuggestion:
    """Write down the decision. The same answer again changes nothing; another is refused.

    Emits `pair_decided`, so that a merge follows even when the caller dies in between.
    """
    row = MergeSuggestion.objects.select_for_update(of=("self",)).get(pk=suggestion_id)
    if row.decided_at is not None:
        if row.is_same != is_same:
            raise AlreadyDecided
        return row
    row.is_same, row.decided_at, row.decided_by = is_same, timezone.now(), str(by)
    row.save(update_fields=["is_same", "decided_at", "decided_by"])
    emit(
        "pair_decided",
        subject=f"pair:{shown_id(row.public_id)}",
        suggestion=row.pk,
        is_same=is_same,
    )
    return row


def carry_out(decided: MergeSuggestion) -> Merge | None:
    """Merge what was decided to be one person; None when it is one already."""
    return merge_members(
        decided.first_id,
        decided.second_id,
        reason=MergeReason.CONFIRMED,
        evidence=decided.evidence,
        decided_by=decided.decided_by,
        by=Actor.system("a person said so"),
    )


def think_again(suggestion: MergeSuggestion, *, by: Actor) -> None:
    """Take the answer back: what was merged parts again, and the question stands as before."""
    us = Actor.system("a person thought again")
    with scope_of(us):
        merge_id = MergeSuggestion.objects.values_list("merge_id", flat=True).get(pk=suggestion.pk)
    if merge_id is not None:
        undo_merge(merge_id, decided_by=str(by), by=us)
    reopen_pair(suggestion.pk, by=us)


@action
def reopen_pair(suggestion_id: int, *, by: Actor) -> None:
    """The question stands again. Repeating changes nothing."""
    MergeSuggestion.objects.filter(pk=suggestion_id, merge=None).update(
        is_same=None, decided_at=None, decided_by=""
    )


def open_pairs() -> QuerySet[MergeSuggestion]:
    """Pairs that wait for whoever's scope is around us, oldest first."""
    return (
        MergeSuggestion.objects.filter(
            decided_at=None,
            first__state__in=_COMPARED,
            second__state__in=_COMPARED,
        )
        .select_related("first__home_store", "first__owner", "second__home_store", "second__owner")
        .order_by("made_at", "pk")
    )


@action
def note_traits(member_id: int, *, by: Actor) -> list[tuple[int, set[str]]]:
    """Write by what she may be found, and who shares it; (number, evidence) of at most five.

    Nobody for a number that was forgotten since it was listed.
    """
    found = Member.objects.select_related("entity", "home_store").filter(pk=member_id)
    member = found.first()
    if member is None:
        return []
    traits = _traits_of(member)
    Trait.objects.filter(member=member).exclude(digest__in=traits.values()).delete()
    Trait.objects.bulk_create(
        [
            Trait(member=member, entity=member.entity, kind=kind, digest=digest)
            for kind, digest in traits.items()
        ],
        ignore_conflicts=True,
    )
    shared: dict[int, set[str]] = {}
    for kind, digest in traits.items():
        others = (
            Trait.objects.filter(
                entity=member.entity, kind=kind, digest=digest, member__state__in=_COMPARED
            )
            .exclude(member=member)
            .order_by("-member_id")
        )
        for number in others.values_list("member_id", flat=True)[: _MOST_LIKE_HER + 1]:
            shared.setdefault(number, set()).add(_EVIDENCE_OF[TraitKind(kind)])
    # A name that many bear says nothing.
    if len(shared) > _MOST_LIKE_HER:
        return []
    unproven = _without_proven_phone([member.pk, *shared])
    return [
        (number, codes | ({"one_unproven"} if {number, member.pk} & unproven else set()))
        for number, codes in sorted(shared.items())
    ]


_EVIDENCE_OF = {
    TraitKind.NAME_AT_STORE: "name_store",
    TraitKind.NAME_AND_BIRTHDAY: "name_birth",
    TraitKind.TYPED_PHONE: "phone_typed",
}


def _traits_of(member: Member) -> dict[str, bytes]:
    name, within = plain_name(member.name or ""), shown_id(member.entity.public_id)
    values = {
        TraitKind.NAME_AT_STORE: f"{name}|{member.home_store.code}" if name else "",
        TraitKind.NAME_AND_BIRTHDAY: f"{name}|{member.birth_year}"
        if name and member.birth_year
        else "",
        TraitKind.TYPED_PHONE: member.phone or "",
    }
    return {
        kind.value: blind_index(f"trait_{kind.value}", value, within=within)
        for kind, value in values.items()
        if value
    }


def _without_proven_phone(numbers: Collection[int]) -> set[int]:
    proven = Identity.objects.filter(member__in=numbers, kind=IdentityKind.PHONE).exclude(
        verified_at=None
    )
    return set(numbers) - set(proven.values_list("member_id", flat=True))


def look_for_doubles(member_id: int, *, by: Actor) -> int:
    """Suggest whoever may be the same as this member; how many were weighed."""
    alike = note_traits(member_id, by=by)
    for number, evidence in alike:
        weigh(member_id, number, evidence, by=by)
    return len(alike)


def without_traits(*, after: int = 0) -> list[int]:
    """Keys of members who came without being looked at (a file, an older version); a portion."""
    rows = Member.objects.filter(pk__gt=after, state__in=_COMPARED, traits=None)
    named = rows.filter(Q(name__isnull=False) | Q(phone__isnull=False))
    return list(named.order_by("pk").values_list("pk", flat=True)[:_PORTION])
