"""What this room moves in a merge: identifiers, contacts, suggestions, owner, name and tier."""

from __future__ import annotations

from django.db.models import Q

from members.identity.merging import Moved, Mover, Pair, give_rows_back, move_rows
from members.identity.models import (
    Contact,
    Identity,
    Member,
    Merge,
    MergeSuggestion,
    Suggestion,
    Tier,
)
from members.identity.models_of_doubles import Trait
from members.identity.rules import owner_after_merge
from stores.ledger.models import PurchaseLine, Touch
from stores.ledger.steps import end_ownership, set_owner
from stores.org.models import Guide

_ROWS = ((Identity, "member"), (Contact, "member"), (Suggestion, "member"), (Trait, "member"))
_RANKS = list(Tier)
_FILLED = ("name", "phone", "birth_year")


def _move(pair: Pair) -> Moved:
    moved: Moved = {model._meta.label: move_rows(model, field, pair) for model, field in _ROWS}
    moved["state"] = pair.gone.state
    moved["suggestions"] = _suggest_of_kept(pair)
    moved["filled"] = _fill(pair)
    moved["tier"] = [pair.kept.tier, pair.gone.tier]
    pair.kept.tier = max(pair.kept.tier, pair.gone.tier, key=lambda tier: _RANKS.index(Tier(tier)))
    moved["owner"] = _pass_owner(pair)
    pair.kept.save(update_fields=["tier", "owner", *_FILLED])
    return moved


def _part(pair: Pair, moved: Moved) -> list[str]:
    said = []
    for model, field in _ROWS:
        lost = give_rows_back(model, field, moved[model._meta.label], pair)
        if lost:
            said.append(f"{model._meta.verbose_name}：{lost} 条已不在，没有移回")
    MergeSuggestion.objects.filter(pk__in=moved["suggestions"], decided_at=None).delete()
    for field in moved["filled"]:
        if getattr(pair.kept, field) == getattr(pair.gone, field):
            setattr(pair.kept, field, None)
    before, theirs = moved["tier"]
    if pair.kept.tier == max(before, theirs, key=lambda tier: _RANKS.index(Tier(tier))):
        pair.kept.tier = before
    said += _return_owner(pair, *moved["owner"])
    pair.kept.save(update_fields=["tier", "owner", *_FILLED])
    return [*said, *_came_since(pair)]


def _fill(pair: Pair) -> list[str]:
    """What the kept one lacks is taken from the other; which fields it was."""
    filled = [
        field for field in _FILLED if not getattr(pair.kept, field) and getattr(pair.gone, field)
    ]
    for field in filled:
        setattr(pair.kept, field, getattr(pair.gone, field))
    return filled


def _suggest_of_kept(pair: Pair) -> list[int]:
    """What was open about the gone one is asked about the kept one; keys of what was made."""
    made: list[int] = []
    open_ones = MergeSuggestion.objects.filter(
        Q(first=pair.gone) | Q(second=pair.gone), decided_at=None
    )
    for row in open_ones:
        other = row.second_id if row.first_id == pair.gone.pk else row.first_id
        if other == pair.kept.pk:
            continue
        first, second = sorted((other, pair.kept.pk))
        fresh = MergeSuggestion(first_id=first, second_id=second, evidence=row.evidence)
        MergeSuggestion.objects.bulk_create([fresh], ignore_conflicts=True)
        made += MergeSuggestion.objects.filter(public_id=fresh.public_id).values_list(
            "pk", flat=True
        )
    return made


def _pass_owner(pair: Pair) -> list[int | None]:
    """Who served her first keeps her, unless he has left; owners before, and the owner after.

    The gone number belongs to the same guide from now on: he reads what happened under it.
    """
    before = [pair.kept.owner_id, pair.gone.owner_id]
    working = set(
        Guide.objects.working()
        .filter(pk__in=[key for key in before if key])
        .values_list("pk", flat=True)
    )
    after = owner_after_merge(kept=before[0], gone=before[1], working=working)
    guide = Guide.objects.filter(pk=after).first() if after else None
    if guide is None:
        end_ownership(member_no=pair.gone.pk, at=pair.at)
    else:
        for number in (pair.kept.pk, pair.gone.pk):
            set_owner(
                member_no=number,
                guide_no=guide.pk,
                store_no=guide.store_id,
                at=pair.at,
                reason="merge",
            )
    pair.kept.owner = guide
    return [*before, after]


def _return_owner(
    pair: Pair, kept_before: int | None, gone_before: int | None, after: int | None
) -> list[str]:
    """Each gets the owner of before; a hand-over in between stays with the kept one."""
    said = []
    if pair.kept.owner_id == after:
        _own(pair, pair.kept, kept_before)
    elif kept_before != pair.kept.owner_id:
        said.append("合并后换过专属导购，保留的会员仍归现在的导购")
    _own(pair, pair.gone, gone_before)
    return said


def _own(pair: Pair, member: Member, guide_id: int | None) -> None:
    guide = Guide.objects.working().filter(pk=guide_id).first() if guide_id else None
    if guide is None:
        end_ownership(member_no=member.pk, at=pair.at)
    else:
        set_owner(
            member_no=member.pk,
            guide_no=guide.pk,
            store_no=guide.store_id,
            at=pair.at,
            reason="merge_undone",
        )
    member.owner = guide
    member.save(update_fields=["owner"])


def _came_since(pair: Pair) -> list[str]:
    """What was recorded under the kept number since, whosever it may be."""
    since = pair.merge.at
    counts = {
        "笔消费": PurchaseLine.objects.filter(
            member_no=pair.kept.pk, recorded_at__gte=since, sold_at__gte=since
        )
        .values("source", "receipt_no")
        .distinct()
        .count(),
        "条互动": Touch.objects.filter(member_no=pair.kept.pk, at__gte=since).count(),
        "个账号标识": Identity.objects.filter(member=pair.kept, created_at__gte=since).count(),
    }
    return [f"合并后新增的 {n} {what}留在保留的会员名下" for what, n in counts.items() if n]


MOVER = Mover(
    frozenset(
        {
            *(model._meta.label for model, _ in _ROWS),
            Member._meta.label,
            Merge._meta.label,
            MergeSuggestion._meta.label,
        }
    ),
    _move,
    _part,
)
