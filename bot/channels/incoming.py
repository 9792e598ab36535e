"""Messages as WeCom gives them, joined to the groups, people and shops they belong to.

Set-based: a page costs the same few queries whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q

from bot.channels.channel import Incoming
from bot.channels.models import KfAccount
from bot.understanding.models import HeardOn
from bot.understanding.rules import Place
from groups.chats.models import Group
from members.consent.models import ConsentState, Purpose
from members.identity.models import Contact
from stores.org.models import Guide
from wecom.directory.queries_of_hearing import refused_in_groups
from wecom.gateway import ArchivedMessage, KfMessage

IN_GROUP: Final = Place(may_answer=False, is_group=True)
_EXTERNAL: Final = ("wm", "wo")


def archived_as_incoming(page: Sequence[ArchivedMessage]) -> list[Incoming]:
    """Messages in groups; private talk between a guide and a customer is none of the bot's."""
    spoken = [m for m in page if m.chat_id and m.action == "send"]
    groups = {
        group.chat_id: group
        for group in Group.objects.active()
        .select_related("owner", "store")
        .filter(chat_id__in={m.chat_id for m in spoken})
    }
    people = _contacts(m.sender for m in spoken)
    staff = _guides(m.sender for m in spoken)
    withheld = _withheld(people.values())
    # The system listens; the rows of these agreements name customers.
    refused = refused_in_groups({m.chat_id for m in spoken})
    found = []
    for message in spoken:
        group = groups.get(message.chat_id)
        is_staff = not message.sender.startswith(_EXTERNAL)
        entity = group.store.entity_id if group else None
        contact = people.get((entity, message.sender))
        guide = staff.get(message.sender) if is_staff else (group.owner if group else None)
        found.append(
            Incoming(
                heard_on=HeardOn.ARCHIVE,
                msgid=message.msgid,
                sender=message.sender,
                is_staff=is_staff,
                text=message.text,
                is_text=message.kind == "text",
                said_at=message.at,
                place=IN_GROUP,
                group=group,
                contact=contact,
                store=group.store if group else None,
                guide=guide,
                is_withheld=(contact is not None and contact.pk in withheld)
                or (message.chat_id, message.sender) in refused,
            )
        )
    return found


def private_words(page: Sequence[ArchivedMessage]) -> list[tuple[Guide, str, datetime]]:
    """Which guide wrote to which customer in private, and when; the words are left out."""
    written = [
        (m.sender, to, m.at)
        for m in page
        if not m.chat_id and m.action == "send" and not m.sender.startswith(_EXTERNAL)
        for to in m.recipients
        if to.startswith(_EXTERNAL)
    ]
    staff = _guides(sender for sender, _, _ in written)
    return [(staff[sender], to, at) for sender, to, at in written if sender in staff]


def kf_as_incoming(page: Sequence[KfMessage], served: Mapping[str, bool]) -> list[Incoming]:
    """What customers wrote to customer service; events and servicers' words are not questions."""
    written = [m for m in page if m.origin == "customer" and m.external_userid]
    accounts = {
        account.open_kfid: account
        for account in KfAccount.objects.select_related("store", "guide__store").filter(
            open_kfid__in={m.open_kfid for m in written}
        )
    }
    people = _contacts(m.external_userid for m in written)
    found = []
    for message in written:
        account = accounts.get(message.open_kfid)
        entity = account.store.entity_id if account else None
        contact = people.get((entity, message.external_userid))
        guide = _who_serves(contact) or (account.guide if account else None)
        found.append(
            Incoming(
                heard_on=HeardOn.KF,
                msgid=message.msgid,
                sender=message.external_userid,
                is_staff=False,
                text=message.text,
                is_text=message.kind == "text",
                said_at=message.at,
                place=Place(
                    may_answer=account is not None and account.answers,
                    is_group=False,
                    is_served=served.get(message.external_userid, False),
                ),
                contact=contact,
                open_kfid=message.open_kfid,
                store=guide.store if guide else None,
                guide=guide,
            )
        )
    return found


def _who_serves(contact: Contact | None) -> Guide | None:
    """The guide she belongs to, else the friend she has."""
    if contact is None:
        return None
    owner = contact.member.owner if contact.member is not None else None
    for guide in (owner, contact.guide):
        if guide is not None and guide.left_on is None:
            return guide
    return None


def _contacts(senders: Iterable[str]) -> dict[tuple[int | None, str], Contact]:
    keys = {sender for sender in senders if sender.startswith(_EXTERNAL)}
    rows = Contact.objects.filter(external_userid__in=keys).select_related(
        "member__owner__store", "guide__store"
    )
    return {(row.entity_id, row.external_userid): row for row in rows}


def _guides(senders: Iterable[str]) -> dict[str, Guide]:
    keys = {sender for sender in senders if not sender.startswith(_EXTERNAL)}
    if not keys:
        return {}
    rows = Guide.objects.select_related("store").filter(wecom_userid__in=keys)
    return {str(row.wecom_userid): row for row in rows}


def _withheld(contacts: Iterable[Contact]) -> set[int]:
    """Contacts whose member said no to the archive: their words are not kept."""
    members = {row.member_id: row.pk for row in contacts if row.member_id is not None}
    refused = ConsentState.objects.filter(
        Q(member__in=members), purpose=Purpose.CHAT_ARCHIVE, is_granted=False
    ).values_list("member_id", flat=True)
    return {members[key] for key in refused}
