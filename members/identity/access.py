"""Fetch and authorise in one step: what the actor's scope does not meet does not exist."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.http import Http404

from kit.actor import Actor, ActorKind, Scope
from kit.fields import shown_id
from members.identity.models import Member, MemberState, MergeSuggestion, Suggestion
from members.identity.queries import present_public_id
from stores.org.models import Guide, Store


def member_for(actor: Actor, public_id: uuid.UUID) -> Member:
    """A member the actor may see. Missing and forbidden answer alike: Http404.

    Inside `scope_of(actor)` or an action of hers, where PostgreSQL itself hides the rest; the
    argument makes every caller say whose sight it is.
    """
    member = _seen(public_id)
    if member is not None and member.merged_into_id is not None:
        # An old link: whoever may see the one that she became is led there.
        member = _seen(present_public_id(member))
    if member is None or member.state in {MemberState.PENDING, MemberState.ERASED}:
        raise Http404
    return member


def _seen(public_id: uuid.UUID | None) -> Member | None:
    rows = Member.objects.select_related("owner__store", "home_store", "entity")
    return None if public_id is None else rows.filter(public_id=public_id).first()


def suggestion_for(guide: Guide, public_id: uuid.UUID) -> Suggestion:
    """An open suggestion that this guide is asked about. Else Http404."""
    found = (
        Suggestion.objects.select_related("contact", "member")
        .filter(public_id=public_id, guide=guide, decided_at=None)
        .first()
    )
    if found is None:
        raise Http404
    return found


def pair_for(actor: Actor, public_id: uuid.UUID) -> MergeSuggestion:
    """A suggested pair of which the actor sees both. Else Http404."""
    found = (
        MergeSuggestion.objects.select_related(
            "first__home_store",
            "first__owner",
            "second__home_store",
            "second__owner",
        )
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def looking_at(actor: Actor, member: Member) -> Actor:
    """The same actor, who also meets what is told of this one member: her purchases elsewhere too.

    For a member fetched by `member_for` only.
    """
    return replace(actor, scope=replace(actor.scope, member=member.pk))


def actor_of_member(member: Member) -> Actor:
    """A member looking at herself, and at nobody else."""
    return Actor(ActorKind.MEMBER, shown_id(member.public_id), Scope(member=member.pk))


def actor_of_entity(entity_id: int, *, reason: str) -> Actor:
    """The product acting within the stores of one legal entity, and seeing nothing of another."""
    stores = Store.objects.filter(entity=entity_id).values_list("pk", flat=True)
    return Actor(ActorKind.SYSTEM, "system", Scope(stores=frozenset(stores)), reason=reason)
