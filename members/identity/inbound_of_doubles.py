"""An identifier was claimed by two, somebody joined or was renamed, a pair was decided."""

from __future__ import annotations

from typing import Final

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from members.identity.actions import suggest_member
from members.identity.doubles import carry_out, look_for_doubles, weigh
from members.identity.models import Contact, MergeSuggestion

US: Final = Actor.system("one person, one record")


def identity_contested(event: DomainEvent) -> None:
    """Two members were shown to share an identifier: merged on proof, else a person is asked."""
    said = event.payload
    weigh(said["first"], said["second"], said["evidence"], by=US)


def contact_remarked(event: DomainEvent) -> None:
    """A guide noted a phone that a member has proven: is her friend that member?

    Whoever is nobody yet is asked about as a friend; a friend who is another member, as a double.
    """
    said = event.payload
    with scope_of(US):
        contact = Contact.objects.filter(pk=said["contact"]).first()
    if contact is None:
        return
    if contact.member_id is None:
        evidence = ["你给好友备注的手机号，就是这位会员的手机号"]
        suggest_member(contact.pk, said["member"], said["guide"], evidence=evidence, by=US)
    else:
        weigh(contact.member_id, said["member"], {"phone_remarked"}, by=US)


def member_known_better(event: DomainEvent) -> None:
    """She registered, or her name changed: does somebody look like her?"""
    look_for_doubles(event.payload["member"], by=US)


def pair_decided(event: DomainEvent) -> None:
    """A person said that two are one: make it so, if the caller did not live to."""
    if not event.payload["is_same"]:
        return
    with scope_of(US):
        row = MergeSuggestion.objects.filter(pk=event.payload["suggestion"], is_same=True).first()
    if row is not None and row.merge_id is None:
        carry_out(row)
