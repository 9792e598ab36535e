"""Who an account is, how far it sees, and how a guide is fetched with permission in one step."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from kit.actor import NOTHING, Actor, ActorKind, Scope
from kit.fields import shown_id
from stores.org.models import Account, Guide, HandOver, MachineKey, Role, Store


def actor_of(account: Account | AnonymousUser) -> Actor:
    """The actor behind an account, with its scope.

    A guide meets the members she owns; a store manager those of the store; an area manager those
    of the region; HQ those of its regions, or all without a region. Nobody else meets anyone.
    """
    if not isinstance(account, Account) or not account.is_active:
        return Actor(ActorKind.ACCOUNT, "nobody")
    return Actor(ActorKind.ACCOUNT, shown_id(account.public_id), _scope_of_account(account))


def actor_of_guide(guide: Guide) -> Actor:
    """The same for a guide already fetched with her store and account, without asking again."""
    return Actor(ActorKind.ACCOUNT, shown_id(guide.account.public_id), _scope_of_guide(guide))


def actor_of_machine(key: MachineKey) -> Actor:
    """A machine acts for everybody it reports about; what it may call is in its `scopes`."""
    return Actor(
        ActorKind.MACHINE, shown_id(key.public_id), Scope(everything=True), reason=key.source
    )


def guide_of(account: Account | AnonymousUser) -> Guide:
    """The working guide behind an account. Raises Http404 for everybody else."""
    guide = (
        Guide.objects.working()
        .select_related("store__entity", "store__region", "account")
        .filter(account__pk=account.pk or 0)
        .first()
    )
    if guide is None:
        raise Http404
    return guide


def guides_in_scope(guide: Guide) -> list[Guide]:
    """Herself; for a manager also the guides of her store or region."""
    found = Guide.objects.working().select_related("store")
    if guide.role == Role.GUIDE:
        return list(found.filter(pk=guide.pk))
    if guide.role == Role.STORE_MANAGER:
        return list(found.filter(store=guide.store_id))
    return list(found.filter(store__region=guide.store.region_id))


def guide_for(guide: Guide, public_id: uuid.UUID) -> Guide:
    """A guide that `guide` may look at. Missing and forbidden answer alike: Http404."""
    for candidate in guides_in_scope(guide):
        if candidate.public_id == public_id:
            return candidate
    raise Http404


def answers_for(scope: Scope, store_id: int) -> bool:
    """Whether who sees so far decides about a store's people; a guide answers for no store."""
    return scope.everything or store_id in scope.stores


def hand_over_for(actor: Actor, public_id: uuid.UUID) -> HandOver:
    """A hand-over the actor decides about. Missing and forbidden answer alike: Http404."""
    found = (
        HandOver.objects.select_related("guide__store", "store__entity")
        .prefetch_related("shares__successor__store")
        .filter(public_id=public_id)
        .first()
    )
    if found is None or not answers_for(actor.scope, found.store_id):
        raise Http404
    return found


def _scope_of_account(account: Account) -> Scope:
    guide = (
        Guide.objects.working().select_related("store").filter(account=account).first()
        if not account.is_staff
        else None
    )
    if guide is not None:
        return _scope_of_guide(guide)
    if not account.is_staff:
        return NOTHING
    regions = list(account.regions.values_list("pk", flat=True))
    if account.is_superuser or not regions:
        return Scope(everything=True)
    stores = Store.objects.filter(region__in=regions)
    return Scope(stores=frozenset(stores.values_list("pk", flat=True)))


def _scope_of_guide(guide: Guide) -> Scope:
    # Whatever she owns or answers for: of another company's members only those who share (PIPL 23).
    hers = Scope(guide=guide.pk, entity=guide.store.entity_id)
    if guide.role == Role.GUIDE:
        return hers
    if guide.role == Role.STORE_MANAGER:
        return replace(hers, stores=frozenset({guide.store_id}))
    stores = Store.objects.filter(region=guide.store.region_id)
    return replace(hers, stores=frozenset(stores.values_list("pk", flat=True)))
