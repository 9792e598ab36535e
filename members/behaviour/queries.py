"""Whose event it is, what she allows, and what she did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from members.behaviour.models import BehaviourEvent
from members.behaviour.rules import LIKING, LINKS, Line
from members.consent.models import Channel, ConsentState
from members.consent.queries import reasons_not
from members.identity.models import Identity, IdentityKind, Member, MemberState
from members.identity.queries import digest_of
from members.identity.rules import read_phone
from stores.ledger.queries import present_numbers
from stores.org.models import LegalEntity, Store


@dataclass(frozen=True, slots=True)
class Claim:
    """An identifier within a legal entity."""

    entity: int
    kind: str
    value: str


def settle_entities(lines: Mapping[int, Line], only_store: int | None) -> dict[int, Claim]:
    """Within which entity each line's member is looked for: her store's, the key's store's, or the
    only one there is. Lines without one are left out.
    """
    codes = {line.store for line in lines.values() if line.store}
    stores = {row.code: row for row in Store.objects.filter(code__in=codes)}
    usual = _usual_entity(only_store)
    found: dict[int, Claim] = {}
    for i, line in lines.items():
        store = stores.get(line.store)
        if line.store and (store is None or only_store not in {None, store.pk}):
            continue
        entity = usual if store is None else store.entity_id
        if entity is not None:
            found[i] = Claim(entity, *line.claim)
    return found


def _usual_entity(only_store: int | None) -> int | None:
    if only_store is not None:
        return Store.objects.get(pk=only_store).entity_id
    keys = list(LegalEntity.objects.values_list("pk", flat=True)[:2])
    return keys[0] if len(keys) == 1 else None


def members_behind(claims: Collection[Claim]) -> dict[Claim, int]:
    """The active member behind each claim; four queries, however many. Merged ones answer with who
    they became.
    """
    entities = {
        row.pk: row for row in LegalEntity.objects.filter(pk__in={c.entity for c in claims})
    }
    by_digest: dict[tuple[int, bytes], Claim] = {}
    by_card: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.kind == "card":
            by_card[claim.value].append(claim)
            continue
        value = read_phone(claim.value) if claim.kind == IdentityKind.PHONE else claim.value
        if value and claim.kind in IdentityKind.values:
            digest = digest_of(claim.kind, value, entities[claim.entity])
            by_digest[claim.entity, digest] = claim
    found: dict[Claim, int] = {}
    rows = Identity.objects.filter(
        entity__in=entities, kind__in=IdentityKind.values, digest__in=[d for _, d in by_digest]
    )
    for entity, told, member in rows.values_list("entity_id", "digest", "member_id"):
        found[by_digest[entity, bytes(told)]] = member
    for card, entity, member in Member.objects.filter(card_no__in=by_card).values_list(
        "card_no", "entity_id", "pk"
    ):
        for claim in by_card[card]:
            if claim.entity == entity:
                found[claim] = member
    return _present(found)


def _present(found: Mapping[Claim, int]) -> dict[Claim, int]:
    numbers = present_numbers(list(set(found.values())))
    active = set(
        Member.objects.filter(pk__in=numbers.values(), state=MemberState.ACTIVE).values_list(
            "pk", flat=True
        )
    )
    return {claim: numbers[member] for claim, member in found.items() if numbers[member] in active}


def grants_of(members: Collection[int], *, at: datetime) -> dict[int, dict[str, datetime]]:
    """By member: the permissions about behaviour that hold now, and since when without a break."""
    states = ConsentState.objects.filter(
        member__in=members, purpose__in=[LINKS, LIKING], channel=Channel.ANY, is_granted=True
    )
    held: dict[int, dict[str, datetime]] = defaultdict(dict)
    for member, purpose, since in states.values_list("member_id", "purpose", "since"):
        held[member][purpose] = since
    by_entity: dict[int, list[int]] = defaultdict(list)
    for member, entity in Member.objects.filter(pk__in=list(held)).values_list("pk", "entity_id"):
        by_entity[entity].append(member)
    for entity, keys in by_entity.items():
        for purpose in (LINKS, LIKING):
            for key in reasons_not(keys, purpose, at=at, entity=entity):
                held[key].pop(purpose, None)
    return dict(held)


def behaviour_of(member: Member) -> QuerySet[BehaviourEvent]:
    """What she did, newest first."""
    return BehaviourEvent.objects.filter(member=member).order_by("-at", "-pk")
