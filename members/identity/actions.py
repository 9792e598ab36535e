"""What becomes of friends: taken from WeCom, joined to members, lost again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.errors import AlreadyDecided, NoLongerAMember, StaleEdit
from members.identity.models import (
    Contact,
    Friendship,
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Suggestion,
)
from members.identity.queries import digest_of, member_by_identity
from members.identity.rules import HANDED_ON, phones_in, read_phone
from members.identity.steps import contest_contact, join_contact, present_member, tell_guide
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Guide
from wecom.gateway.types import ContactCard


@dataclass(frozen=True, slots=True)
class NewFriend:
    """What WeCom tells of a friendship between a contact and one guide."""

    card: ContactCard
    since: datetime
    state: str = ""
    add_way: int = 0
    remark: str = ""
    # Phones that the guide noted beside her; never kept, only compared.
    mobiles: tuple[str, ...] = ()
    # When WeCom was asked; without it, a moment ago.
    asked_at: datetime | None = None
    # When WeCom says that she was added, if it is an adding that told us.
    came_at: datetime | None = None


@action
def take_friend(guide_id: int, friend: NewFriend, *, by: Actor) -> Friendship:
    """Keep the contact and the friendship as WeCom has them, and join her to a member by unionid.

    Repeating refreshes the contact and changes nothing else. Emits `friend_added` once for each
    friendship, with a touch unless a colleague handed her on. One that she has ended stays ended,
    and comes back as it is, however long WeCom goes on showing it.
    """
    guide = Guide.objects.select_related("store__entity").get(pk=guide_id)
    contact = _contact(guide, friend.card, friend.asked_at or timezone.now())
    friendship = Friendship.objects.filter(contact=contact, guide=guide, until=None).first()
    if friendship is None:
        ended = _ended_by_her(contact, guide, friend)
        if ended is not None:
            return ended
        friendship = _befriend(contact, guide, friend)
    elif (friendship.remark or "") != friend.remark:
        friendship.remark = friend.remark or None
        friendship.save(update_fields=["remark"])
    if friend.card.unionid:
        _join_by_unionid(contact, guide, friend.card.unionid)
    _tell_added(friendship, contact, guide)
    _tell_remarked(contact, guide, friend)
    return friendship


def _contact(guide: Guide, card: ContactCard, asked_at: datetime) -> Contact:
    """The entity's contact, locked; made when WeCom names her for the first time."""
    entity = guide.store.entity
    fresh = Contact(
        entity=entity, external_userid=card.external_userid, guide=guide, read_at=asked_at
    )
    Contact.objects.bulk_create([fresh], ignore_conflicts=True)
    contact = Contact.objects.select_for_update(of=("self",)).get(
        entity=entity, external_userid=card.external_userid
    )
    contact.name = card.name or None
    contact.avatar_url = card.avatar[:500]
    if card.unionid:
        contact.unionid_digest = digest_of(IdentityKind.UNIONID, card.unionid, entity)
    contact.guide = guide
    # A sweep reads many before it writes one: what it writes must not look newer than it is.
    contact.read_at = max(contact.read_at, asked_at)
    contact.save(update_fields=["name", "avatar_url", "unionid_digest", "guide", "read_at"])
    return contact


def _ended_by_her(contact: Contact, guide: Guide, friend: NewFriend) -> Friendship | None:
    """The very friendship, if she deleted the guide after it began; asked under the contact's lock.

    An adding that WeCom dates after her going is a new one, whatever the card says of its age.
    """
    rows = Friendship.objects.filter(contact=contact, guide=guide, until__isnull=False)
    newest = rows.order_by("-until", "-pk").first()
    if newest is None or newest.until is None or newest.ended_by != "customer":
        return None
    came_back = friend.came_at is not None and friend.came_at > newest.until
    return None if friend.since > newest.since or came_back else newest


def _befriend(contact: Contact, guide: Guide, friend: NewFriend) -> Friendship:
    """A friendship with WeCom's own beginning: the next is compared with it, clock by clock.

    What we held to have ended later was over when this one began.
    """
    before = Friendship.objects.filter(contact=contact, guide=guide, until__gt=friend.since)
    before.update(until=Greatest(F("since"), Value(friend.since)))
    return Friendship.objects.create(
        contact=contact,
        guide=guide,
        state=friend.state,
        add_way=friend.add_way,
        remark=friend.remark or None,
        since=friend.since,
    )


def _join_by_unionid(contact: Contact, guide: Guide, unionid: str) -> None:
    found = member_by_identity(IdentityKind.UNIONID, unionid, guide.store.entity)
    if found is None or found.state != MemberState.ACTIVE:
        return
    if contact.member_id is not None:
        contest_contact(contact, found)
        return
    member = Member.objects.select_for_update(of=("self",)).get(pk=found.pk)
    join_contact(contact, member, how="unionid")


def _tell_remarked(contact: Contact, guide: Guide, friend: NewFriend) -> None:
    """The guide noted a phone that somebody else has proven: `contact_remarked`, once for each.

    A guide's note is her word: it is asked about, it joins nobody.
    """
    said = {read_phone(text) for text in (*friend.mobiles, *phones_in(friend.remark))} - {None}
    entity = guide.store.entity
    digests = [digest_of(IdentityKind.PHONE, phone, entity) for phone in said if phone]
    proven = Identity.objects.filter(
        entity=entity, kind=IdentityKind.PHONE, digest__in=digests, member__state=MemberState.ACTIVE
    ).exclude(verified_at=None)
    for member in sorted(proven.values_list("member_id", flat=True)) if digests else ():
        if member != contact.member_id:
            emit(
                "contact_remarked",
                subject=f"contact:{contact.external_userid}",
                once=f"contact_remarked:{contact.pk}:{member}",
                contact=contact.pk,
                guide=guide.pk,
                member=member,
            )


def _tell_added(friendship: Friendship, contact: Contact, guide: Guide) -> None:
    told = emit(
        "friend_added",
        subject=f"contact:{contact.external_userid}",
        once=f"friend_added:{friendship.pk}",
        friendship=friendship.pk,
        contact=contact.pk,
        guide=guide.pk,
        member=contact.member_id,
        state=friendship.state,
    )
    if told is None:
        return
    if friendship.add_way not in HANDED_ON:
        record_touch(
            TouchKind.FRIEND,
            once=f"friend:{friendship.pk}",
            at=friendship.since,
            member_no=contact.member_id,
            guide_no=guide.pk,
            store_no=guide.store_id,
            source=friendship.state,
        )
    tell_guide(guide, kind="friend", subject=shown_id(contact.public_id))


@action
def end_friendship(
    external_userid: str,
    guide_id: int,
    *,
    ended_by: str,
    by: Actor,
    at: datetime | None = None,
) -> bool:
    """She or the guide ended it; False when no friendship stands. Emits `friend_lost`.

    `at` when it is known to have been over since then; else it is over from now on.
    """
    guide = Guide.objects.select_related("store").get(pk=guide_id)
    friendship = (
        Friendship.objects.select_for_update(of=("self",))
        .select_related("contact")
        .filter(
            contact__external_userid=external_userid,
            contact__entity=guide.store.entity_id,
            guide=guide,
            until=None,
        )
        .first()
    )
    if friendship is None:
        return False
    friendship.until = max(at or timezone.now(), friendship.since)
    friendship.ended_by = ended_by
    friendship.save(update_fields=["until", "ended_by"])
    emit(
        "friend_lost",
        subject=f"contact:{external_userid}",
        friendship=friendship.pk,
        contact=friendship.contact_id,
        guide=guide.pk,
        member=friendship.contact.member_id,
        ended_by=ended_by,
    )
    tell_guide(guide, kind="friend", subject=shown_id(friendship.contact.public_id))
    return True


@action
def suggest_member(
    contact_id: int, member_id: int, guide_id: int, *, evidence: list[str], by: Actor
) -> Suggestion | None:
    """Ask the guide whether the contact is this member; None when it is known or was asked."""
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact_id)
    if contact.member_id is not None:
        return None
    made = Suggestion(contact=contact, member_id=member_id, guide_id=guide_id, evidence=evidence)
    Suggestion.objects.bulk_create([made], ignore_conflicts=True)
    found = Suggestion.objects.filter(public_id=made.public_id).select_related("guide").first()
    if found is not None:
        tell_guide(found.guide, kind="suggestion", subject=shown_id(found.public_id))
    return found


@action
def decide_suggestion(suggestion_id: int, *, is_same: bool, by: Actor) -> Suggestion:
    """The guide asked her: the same person, or not. The same answer again changes nothing.

    Refuses another answer later (AlreadyDecided), and to join anybody to whoever has left since
    (NoLongerAMember). A contact who is another member by now is both: the two are weighed
    afterwards.
    """
    suggestion = (
        Suggestion.objects.select_for_update(of=("self",))
        .select_related("contact__guide__store", "member")
        .get(pk=suggestion_id)
    )
    if suggestion.decided_at is not None:
        if suggestion.is_same != is_same:
            raise AlreadyDecided
        return suggestion
    if is_same:
        member = Member.objects.select_for_update(of=("self",)).get(pk=suggestion.member_id)
        if member.state in {MemberState.LEFT, MemberState.ERASED}:
            raise NoLongerAMember
        contact = Contact.objects.select_for_update(of=("self",)).get(pk=suggestion.contact_id)
        if contact.member_id in (None, member.pk):
            join_contact(contact, member, how="confirmed")
        else:
            contest_contact(contact, member)
    suggestion.decided_at, suggestion.is_same = timezone.now(), is_same
    suggestion.save(update_fields=["decided_at", "is_same"])
    return suggestion


@action
def rename_member(member_id: int, *, name: str, version: int | None = None, by: Actor) -> Member:
    """Correct how she is called; empty takes the name away. Emits `member_corrected`.

    `version` is what the writer looked at: when somebody wrote in between, nothing is saved
    (StaleEdit). The row itself counts, so that of two at once exactly one is too late.
    """
    member = present_member(member_id)
    if version is not None and member.version != version:
        raise StaleEdit
    after = name.strip()[:40]
    if after == (member.name or ""):
        return member
    member.name, member.version = after or None, member.version + 1
    member.save(update_fields=["name", "version"])
    emit(
        "member_corrected",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        field="name",
    )
    return member
