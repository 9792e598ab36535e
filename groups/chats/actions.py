"""Changes to groups: take over WeCom's list, note that a group is gone, keep its code."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import structlog

from groups.chats.handover import end_transfers, settle_owner
from groups.chats.models import Group, GroupMember, GroupState
from groups.chats.rules import difference
from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from members.identity.models import Contact
from members.identity.queries import contacts_by_external_userid
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Guide
from wecom.gateway import GroupCard, GroupPerson

log = structlog.get_logger(__name__)


@action
def take_over_list(card: GroupCard, *, asked_at: datetime, by: Actor) -> Group | None:
    """Make our group equal to WeCom's list that was asked for at `asked_at`.

    Touches are written once for each joining and leaving. The same list again changes nothing, an
    answer asked for earlier than the one we hold is dropped. None when its owner is no guide of
    ours: a group that we never held is skipped with a word in the log, one that we hold is nobody's
    until a guide owns it again.
    """
    owner = Guide.objects.select_related("store").filter(wecom_userid=card.owner_userid).first()
    if owner is None:
        _give_up(card, asked_at)
        return None
    group = _locked(card, owner, asked_at)
    if group.read_at > asked_at:
        return group
    before = _shown(group)
    if group.owner_id != owner.pk:
        # Who moves leaves her groups with the store until somebody else owns them.
        group.owner, group.store = owner, owner.store
    group.state, group.dismissed_at = GroupState.ACTIVE, None
    _lay(group, card, asked_at)
    settle_owner(group, at=asked_at)
    if before != _shown(group):
        _announce(group, owner)
    return group


def _give_up(card: GroupCard, asked_at: datetime) -> None:
    """The group belongs to nobody here: what we hold of it says so, and nobody waits for it."""
    group = Group.objects.select_for_update(of=("self",)).filter(chat_id=card.chat_id).first()
    if group is None:
        log.warning("group_skipped_unknown_owner", chat_id=card.chat_id)
        return
    if group.read_at > asked_at:
        return
    before = _shown(group)
    group.state, group.dismissed_at = GroupState.FOREIGN, None
    _lay(group, card, asked_at)
    end_transfers(group, at=asked_at, because="群主换成了别人")
    if before != _shown(group):
        _announce(group, group.owner)


def _lay(group: Group, card: GroupCard, asked_at: datetime) -> None:
    """Who is in it, and what it is called."""
    if group.member_version != card.member_version or not card.member_version:
        _move_people(group, card, asked_at)
    _write_head(group, card, asked_at)


def _shown(group: Group) -> tuple[object, ...]:
    """What screens show of a group."""
    counts = (group.member_version, group.member_count, group.customer_count)
    return (group.name, group.owner_id, group.store_id, group.state, *counts)


def _announce(group: Group, owner: Guide) -> None:
    announce(f"guide.{shown_id(owner.public_id)}", kind="group", subject=shown_id(group.public_id))


@action
def close_group(chat_id: str, *, at: datetime, by: Actor) -> bool:
    """Note that a group was dismissed; its stays end. False when it was known or never ours.

    Also False when a list asked for after `at` shows it: that is the newer word.
    """
    group = Group.objects.select_for_update().filter(chat_id=chat_id).first()
    if group is None or group.state == GroupState.DISMISSED or group.read_at > at:
        return False
    group.state, group.dismissed_at = GroupState.DISMISSED, at
    group.member_count = group.customer_count = 0
    group.save(update_fields=["state", "dismissed_at", "member_count", "customer_count"])
    GroupMember.objects.filter(group=group, left_at=None).update(left_at=at)
    end_transfers(group, at=at, because="群已解散")
    return True


@action
def keep_join_code(group_id: int, *, config_id: str, code_url: str, by: Actor) -> bool:
    """Remember the code that leads into a group; False when it has another, which stays."""
    return bool(
        Group.objects.filter(pk=group_id, join_config_id__in=["", config_id]).update(
            join_config_id=config_id, join_code_url=code_url
        )
    )


@action
def know_contact(contact_id: int, *, by: Actor) -> int:
    """Write into open stays whose contact somebody is, and which member; how many were written."""
    contact = Contact.objects.get(pk=contact_id)
    return (
        GroupMember.objects.filter(
            person_id=contact.external_userid,
            left_at=None,
            group__store__entity=contact.entity_id,
        )
        .exclude(contact=contact, member=contact.member_id)
        .update(contact=contact, member=contact.member_id)
    )


def _locked(card: GroupCard, owner: Guide, asked_at: datetime) -> Group:
    """The group's row under lock; a new one is announced to the floors above."""
    blank = Group(
        chat_id=card.chat_id,
        name=card.name,
        owner=owner,
        store=owner.store,
        read_at=asked_at,
        founded_at=card.created_at,
    )
    Group.objects.bulk_create([blank], ignore_conflicts=True)
    group = Group.objects.select_for_update().get(chat_id=card.chat_id)
    if group.public_id == blank.public_id:
        emit("group_found", subject=f"group:{card.chat_id}", chat_id=card.chat_id)
    return group


def _write_head(group: Group, card: GroupCard, asked_at: datetime) -> None:
    group.name = card.name
    group.member_version, group.read_at = card.member_version, asked_at
    group.member_count = len(card.members)
    group.customer_count = sum(not person.is_staff for person in card.members)
    group.save(
        update_fields=[
            "name",
            "owner",
            "store",
            "state",
            "dismissed_at",
            "member_version",
            "read_at",
            "member_count",
            "customer_count",
        ]
    )


def _move_people(group: Group, card: GroupCard, asked_at: datetime) -> None:
    open_stays = {
        stay.person_id: stay for stay in GroupMember.objects.filter(group=group, left_at=None)
    }
    people = {person.id: person for person in card.members}
    change = difference({i: stay.joined_at for i, stay in open_stays.items()}, people.values())
    GroupMember.objects.filter(pk__in=[open_stays[i].pk for i in change.left]).update(
        left_at=asked_at
    )
    for person_id in change.left:
        _touch(TouchKind.GROUP_LEAVE, group, open_stays[person_id], asked_at)
    for stay in _begin_stays(group, [people[i] for i in change.came]):
        _touch(TouchKind.GROUP_JOIN, group, stay, stay.joined_at)


def _begin_stays(group: Group, people: list[GroupPerson]) -> list[GroupMember]:
    contacts = contacts_by_external_userid(
        [person.id for person in people if not person.is_staff], entity=group.store.entity_id
    )
    stays = []
    for person in people:
        contact = contacts.get(person.id)
        stays.append(
            GroupMember(
                group=group,
                person_id=person.id,
                is_staff=person.is_staff,
                contact=contact,
                member_id=contact.member_id if contact else None,
                name=person.name or None,
                join_scene=person.join_scene,
                join_state=person.state,
                joined_at=person.joined_at,
            )
        )
    return GroupMember.objects.bulk_create(stays)


def _touch(kind: TouchKind, group: Group, stay: GroupMember, at: datetime) -> None:
    """Customers only: a guide in her own group touches nobody."""
    if stay.is_staff:
        return
    record_touch(
        kind,
        once=f"{kind}:{shown_id(group.public_id)}:{_joining(stay)}",
        at=at,
        member_no=stay.member_id,
        guide_no=group.owner_id,
        store_no=group.store_id,
        source=shown_id(group.public_id),
    )


def _joining(stay: GroupMember) -> str:
    """One person's one joining, without naming her: the same whenever it is noticed again."""
    return sha256(f"{stay.person_id}|{stay.joined_at.timestamp():.0f}".encode()).hexdigest()[:24]
