"""A legal entity leaves the brand: its members and contacts go, nobody else's (PIPL 21)."""

from __future__ import annotations

from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.consent.actions import leave_membership
from members.identity.models import Contact, Member, MemberState
from members.privacy.erasing import erase_member
from members.privacy.trails import leave_trail


def wipe_entity(entity_id: int, *, by: Actor, batch: int = 500) -> tuple[int, int]:
    """Erase every person of the entity; how many members and contacts. Repeating goes on.

    Facts without a person stay: the ledger's numbers, and her decisions as proof.
    """
    members = contacts = 0
    while keys := _living(entity_id, by, batch):
        for key in keys:
            leave_membership(key, by=by)
            erase_member(key, why="主体退出", by=by, at=timezone.now())
        members += len(keys)
    while gone := forget_contacts(entity_id, limit=batch, by=by):
        contacts += gone
    return members, contacts


def _living(entity_id: int, by: Actor, batch: int) -> list[int]:
    with scope_of(by):
        rows = Member.objects.filter(entity=entity_id).exclude(state=MemberState.ERASED)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:batch])


@action
def forget_contacts(entity_id: int, *, limit: int, by: Actor) -> int:
    """Remove the next contacts of the entity who are nobody's member; how many."""
    rows = Contact.objects.filter(entity=entity_id, member=None).order_by("pk")[:limit]
    found = dict(rows.values_list("pk", "external_userid"))
    leave_trail(list(found.values()))
    Contact.objects.filter(pk__in=found).delete()
    return len(found)
