"""Queries for the list of members: whom the scope around us meets, found or in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Max, Q, QuerySet

from kit.actor import Scope
from members.identity.models import Contact, Identity, IdentityKind, Member, MemberState
from members.identity.queries import called, digest_of
from members.identity.rules import face_of, read_phone, tone_of
from members.profile.rules import Known, why_of
from stores.ledger.models import PurchaseLine
from stores.ledger.queries import numbers_of
from stores.org.models import LegalEntity

PAGE = 20
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list: a face, a name, one line that says why."""

    member: Member
    name: str
    face: str
    tone: str
    why: str
    place: str
    # Whose member she is, while somebody else looks after her.
    stood_in_for: str = ""


def members_page(
    scope: Scope, before: Place | None = None, stood_in_for: Collection[int] = ()
) -> list[Member]:
    """Newest first, one page, by key and not by offset; also of guides she stands in for.

    The scope is said once more as plain conditions: row-level security decides, but only these
    lead the database to the index of a guide's or a store's newest members.
    """
    found = _present().order_by("-joined_at", "-pk")
    if before is not None:
        at, key = before
        found = found.filter(Q(joined_at__lt=at) | Q(joined_at=at, pk__lt=key))
    if scope.everything:
        return list(found[:PAGE])
    # A page of each, from its index in order: "hers or the store's" would sort all of them.
    parts = [found.filter(owner__in=[scope.guide or 0, *stood_in_for])[:PAGE]]
    parts += [found.filter(home_store=store)[:PAGE] for store in scope.stores]
    newest = {member.pk: member for part in parts for member in part}
    return sorted(newest.values(), key=lambda one: (one.joined_at, one.pk), reverse=True)[:PAGE]


def members_found(words: str) -> list[Member]:
    """Who has exactly this phone or this card; names are sealed and cannot be searched."""
    words = words.strip()[:32]
    phone = read_phone(words)
    if phone is None:
        return list(_present().filter(card_no=words)[:PAGE])
    digests = [digest_of(IdentityKind.PHONE, phone, entity) for entity in LegalEntity.objects.all()]
    holders = Identity.objects.filter(kind=IdentityKind.PHONE, digest__in=digests)
    return list(_present().filter(pk__in=holders.values("member"))[:PAGE])


def contacts_by_member(members: Sequence[Member]) -> dict[int, Contact]:
    """The contact of each member, with `friendships_now`; one query."""
    found = Contact.objects.filter(member__in=members).annotate(
        friendships_now=Count("friendships", filter=Q(friendships__until=None))
    )
    return {contact.member_id: contact for contact in found if contact.member_id is not None}


def last_purchases(members: Sequence[Member]) -> dict[int, datetime]:
    """When each member bought last, wherever it was.

    Needs the sight of the whole ledger, so the caller passes only members he has been allowed.
    """
    numbers = numbers_of([member.pk for member in members])
    person_of = {number: person for person, them in numbers.items() for number in them}
    bought = PurchaseLine.objects.filter(member_no__in=person_of, amount__gt=0)
    found: dict[int, datetime] = {}
    for number, last in bought.values_list("member_no").annotate(last=Max("sold_at")):
        person = person_of[number]
        found[person] = max(last, found.get(person, last))
    return found


def lines_of(
    members: Sequence[Member],
    contacts: Mapping[int, Contact],
    bought: Mapping[int, datetime],
    at: datetime,
    stood_in_for: Mapping[int, str] | None = None,
) -> list[Line]:
    """Rows, each with the one thing worth knowing."""
    lines = []
    for member in members:
        contact = contacts.get(member.pk)
        name = called(member, contact)
        known = Known(
            joined_at=member.joined_at,
            is_friend=bool(getattr(contact, "friendships_now", 0)),
            bought_at=bought.get(member.pk),
            has_left=member.state == MemberState.LEFT,
        )
        lines.append(
            Line(
                member=member,
                name=name,
                face=face_of(name),
                tone=tone_of(member.pk),
                why=why_of(known, at),
                place=place_of(member.joined_at, member.pk),
                stood_in_for=(stood_in_for or {}).get(member.owner_id or 0, ""),
            )
        )
    return lines


def place_of(at: datetime, key: int) -> str:
    """A place in a list, as an address carries it: microseconds and key."""
    return f"{round(at.timestamp() * 1_000_000)}_{key}"


def read_place(text: str) -> Place | None:
    """The reverse of `place_of`; None for anything else, which is the beginning."""
    moment, _, key = text.partition("_")
    if not (moment.isdecimal() and key.isdecimal()) or len(moment) > 17 or len(key) > 18:
        return None
    seconds, micros = divmod(int(moment), 1_000_000)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=micros), int(key)


def _present() -> QuerySet[Member]:
    return Member.objects.exclude(state__in=[MemberState.PENDING, MemberState.ERASED])
