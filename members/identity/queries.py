"""Who is behind an identifier, and who are a guide's friends."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from kit.fields import blind_index, shown_id
from members.identity.models import (
    Contact,
    Friendship,
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Suggestion,
)
from members.identity.rules import read_account, read_phone
from stores.ledger.queries import present_numbers
from stores.org.models import Guide, LegalEntity

# What people write in several ways.
_READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    IdentityKind.PHONE: read_phone,
    IdentityKind.MARKETPLACE: read_account,
}


def digest_of(kind: str, value: str, entity: LegalEntity) -> bytes:
    """The blind index under which an identifier is found within a legal entity."""
    return blind_index(kind, value, within=shown_id(entity.public_id))


def member_by_identity(kind: str, value: str, entity: LegalEntity) -> Member | None:
    """The member this identifier leads to within the entity; what people type, in any spelling."""
    read = _READERS.get(kind)
    if read is not None:
        plain = read(value)
        if plain is None:
            return None
        value = plain
    found = (
        Identity.objects.filter(entity=entity, kind=kind, digest=digest_of(kind, value, entity))
        .select_related("member__entity", "member__owner__store", "member__home_store")
        .first()
    )
    return None if found is None else found.member


def member_by_card(card_no: str) -> Member | None:
    """The member who holds a card; an old card of a merged one leads to who she is today."""
    found = Member.objects.filter(card_no=card_no.strip()).select_related("entity").first()
    return None if found is None else present(found)


def member_of_identity(entity: LegalEntity, kind: str, value: str) -> Member | None:
    """The member behind an identifier of an entity, as she is today."""
    found = member_by_identity(kind, value, entity)
    return None if found is None else present(found)


def present(member: Member) -> Member | None:
    """The member whom this record means today; None when the scope around us does not meet her."""
    if member.merged_into_id is None:
        return member
    number = present_numbers([member.pk])[member.pk]
    rows = Member.objects.select_related("entity", "owner__store", "home_store")
    return rows.filter(pk=number).first()


def present_public_id(member: Member) -> uuid.UUID | None:
    """The public id of the member whom a merged record means today."""
    found = present(member)
    return None if found is None else found.public_id


def contact_by_external_userid(
    external_userid: str, *, entity: LegalEntity | int | None = None
) -> Contact | None:
    """The contact of an entity; without an entity, the one WeCom told us about last."""
    found = Contact.objects.filter(external_userid=external_userid).select_related("member")
    if entity is not None:
        found = found.filter(entity=entity)
    return found.order_by("-read_at").first()


def contacts_by_external_userid(
    external_userids: list[str], *, entity: LegalEntity | int
) -> dict[str, Contact]:
    """Many at once, for the members of a group."""
    found = Contact.objects.filter(entity=entity, external_userid__in=external_userids)
    return {contact.external_userid: contact for contact in found.select_related("member")}


def friends_of(guide: Guide) -> QuerySet[Friendship]:
    """A guide's friends now, newest first."""
    return (
        Friendship.objects.filter(guide=guide, until=None)
        .select_related("contact__member")
        .order_by("-since", "-pk")
    )


def friendship_between(external_userid: str, guide: Guide) -> Friendship | None:
    """That they are friends now."""
    return (
        Friendship.objects.filter(
            contact__external_userid=external_userid,
            contact__entity=guide.store.entity_id,
            guide=guide,
            until=None,
        )
        .select_related("contact__member")
        .first()
    )


def contacts_of(member: Member) -> QuerySet[Contact]:
    """Her contacts in WeCom."""
    return Contact.objects.filter(member=member).order_by("pk")


def suggestions_for(guide: Guide, *, since: datetime | None = None) -> QuerySet[Suggestion]:
    """What the guide has to ask about, oldest first."""
    found = Suggestion.objects.filter(guide=guide, decided_at=None).exclude(
        member__state__in=[MemberState.LEFT, MemberState.ERASED]
    )
    if since is not None:
        found = found.filter(made_at__gte=since)
    return found.select_related("contact", "member").order_by("made_at")


def called(member: Member, contact: Contact | None = None) -> str:
    """How she is called on a screen: her own name, else WeCom's, else her card's last digits."""
    if member.name:
        return member.name
    if contact is not None and contact.name:
        return contact.name
    return f"会员 {member.card_no[-4:]}"


def is_active(member: Member) -> bool:
    return member.state == MemberState.ACTIVE


# What a member and her guide call the accounts by which she is known; two of one kind are one word.
_MARKS: Final[Mapping[str, str]] = {
    **{value: str(label) for value, label in IdentityKind.choices},
    IdentityKind.UNIONID: "微信",
    IdentityKind.OPENID: "微信",
    IdentityKind.EXTERNAL_USERID: "企业微信",
}


def marks_of(member: Member) -> list[str]:
    """By what she is known, in words: 手机号、微信、企业微信."""
    kinds = Identity.objects.filter(member=member).order_by("pk").values_list("kind", flat=True)
    return list(dict.fromkeys(_MARKS[kind] for kind in kinds))
