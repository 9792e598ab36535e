"""What actions share: an identifier gets its member, a contact is joined to hers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from members.identity.errors import AlreadySomebody
from members.identity.models import (
    Contact,
    Friendship,
    Identity,
    IdentityKind,
    Member,
    MemberState,
    MergeSuggestion,
    Suggestion,
)
from members.identity.models_of_doubles import Trait
from members.identity.queries import digest_of, member_by_identity
from stores.ledger.steps import set_owner
from stores.org.models import Guide


def bind_identity(
    member: Member, kind: IdentityKind, value: str, *, verified_at: datetime | None
) -> bool:
    """Let an identifier lead to the member; False when it does already. A step.

    Refuses an identifier that leads to somebody else: AlreadySomebody.
    """
    must_be_in_action()
    digest = digest_of(kind, value, member.entity)
    made = Identity(
        entity_id=member.entity_id,
        member=member,
        kind=kind,
        value=value,
        digest=digest,
        verified_at=verified_at,
    )
    # Two callers in the same moment: the constraint decides, and the look below says for whom.
    Identity.objects.bulk_create([made], ignore_conflicts=True)
    found = member_by_identity(kind, value, member.entity)
    if found is None or found.pk != member.pk:
        raise AlreadySomebody
    return Identity.objects.filter(public_id=made.public_id).exists()


def contest_identity(member: Member, other: Member, *evidence: str) -> None:
    """Say that two members were shown to be behind one identifier. A step.

    Nothing is decided here: `doubles.weigh` merges on proof or asks a person, afterwards.
    """
    _contest(member, other.pk, evidence)


def contest_contact(contact: Contact, member: Member) -> None:
    """Say that a customer of WeCom, known as one member, was shown to be another as well. A step.

    What it is worth depends on the phones of both, whom the caller may not see.
    """
    if contact.member_id is not None:
        _contest(member, contact.member_id, ["one_contact"])


def _contest(member: Member, other_no: int, evidence: Collection[str]) -> None:
    must_be_in_action()
    if member.pk == other_no:
        return
    emit(
        "identity_contested",
        subject=f"member:{shown_id(member.public_id)}",
        first=member.pk,
        second=other_no,
        evidence=sorted(evidence),
    )


def join_contact(contact: Contact, member: Member, *, how: str) -> bool:
    """Say that the contact is this member; False when that was known. A step.

    Emits `contact_joined`. An unowned member becomes the guide's whose friend she is. Refuses a
    contact that is somebody else.
    """
    must_be_in_action()
    if contact.member_id == member.pk:
        return False
    if contact.member_id is not None:
        raise AlreadySomebody
    bind_identity(
        member, IdentityKind.EXTERNAL_USERID, contact.external_userid, verified_at=timezone.now()
    )
    contact.member, contact.joined_by = member, how
    contact.save(update_fields=["member", "joined_by"])
    emit(
        "contact_joined",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        contact=contact.pk,
        how=how,
    )
    friendship = (
        Friendship.objects.filter(contact=contact, until=None)
        .select_related("guide__store")
        .order_by("since")
        .first()
    )
    if friendship is not None:
        give_owner(member, friendship.guide, at=timezone.now(), reason="friend")
    tell_guide(contact.guide, kind="member", subject=shown_id(member.public_id))
    return True


def give_owner(member: Member, guide: Guide, *, at: datetime, reason: str) -> bool:
    """An unowned member gets an owner; one who has an owner keeps hers. A step.

    The caller holds the lock on the member.
    """
    must_be_in_action()
    if member.owner_id is not None or guide.left_on is not None:
        return False
    member.owner = guide
    member.save(update_fields=["owner"])
    set_owner(member_no=member.pk, guide_no=guide.pk, store_no=guide.store_id, at=at, reason=reason)
    return True


def present_member(member: Member | int) -> Member:
    """The member as she is today, locked against merges; who was merged is followed. A step.

    Others may go on pointing at her meanwhile: only her row's own changes wait.
    """
    must_be_in_action()
    first = number = member if isinstance(member, int) else member.pk
    came_by: int | None = None
    while True:
        held = transaction.savepoint()
        found = (
            Member.objects.select_for_update(of=("self",), no_key=True)
            .select_related("entity")
            .get(pk=number)
        )
        led = Member.objects.filter(merged_into=found)
        if came_by is not None and not led.filter(pk=came_by).exists():
            # Undone in this moment: once more from the beginning.
            number, came_by = first, None
        elif found.merged_into_id is None:
            transaction.savepoint_commit(held)
            return found
        else:
            number, came_by = found.merged_into_id, number
        # Let go: a merge that holds the next may be waiting for this one.
        transaction.savepoint_rollback(held)


def tell_guide(guide: Guide, *, kind: str, subject: str = "") -> None:
    """A hint to the screens of the guide and of her store. A step."""
    announce(
        f"guide.{shown_id(guide.public_id)}",
        f"store.{shown_id(guide.store.public_id)}",
        kind=kind,
        subject=subject,
    )


def forget_member(member: Member, at: datetime) -> None:
    """Her identifiers, her contacts and friendships go; her record keeps a number alone. A step.

    Repeating changes nothing. What WeCom itself still shows (a friendship that she did not end)
    may come back from there as a contact without a member.
    """
    must_be_in_action()
    Identity.objects.filter(member=member).delete()
    Contact.objects.filter(member=member).delete()
    Trait.objects.filter(member=member).delete()
    Suggestion.objects.filter(member=member).delete()
    MergeSuggestion.objects.filter(Q(first=member) | Q(second=member)).delete()
    member.state, member.name, member.phone = MemberState.ERASED, None, None
    member.birth_year = None
    member.card_no = f"X{member.pk:x}"
    member.left_at = member.left_at or at
    member.version += 1
    member.save(
        update_fields=["state", "name", "phone", "birth_year", "card_no", "left_at", "version"]
    )
