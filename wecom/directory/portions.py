"""What a sweep hands to the rooms that compare, and what they answer. Values only.

A portion says what WeCom told and when it was asked; whoever compares leaves alone what the house
learnt after that moment. `settings.RECONCILERS` names the comparers of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from wecom.gateway import (
    AcquisitionCustomer,
    AcquisitionLink,
    AcquisitionQuota,
    Agreement,
    ContactCard,
    ContactPair,
    ContactWayCard,
    Department,
    GroupCard,
    HitMessage,
    KfAccount,
    KfServicer,
    Moment,
    MomentReactions,
    MomentTask,
    StaffCard,
    TagGroup,
    Unassigned,
)


@dataclass(frozen=True, slots=True)
class DepartmentList:
    """Every department that the application sees."""

    rows: tuple[Department, ...]


@dataclass(frozen=True, slots=True)
class StaffOf:
    """The members of some departments, or single ones looked at; `absent` are unknown to WeCom."""

    rows: tuple[StaffCard, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Serving:
    """Every member who may have customers."""

    userids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FriendIds:
    """The external ids of all friends of one member, as WeCom lists them."""

    userid: str
    external_userids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FriendPairs:
    """Friends of one member in detail; not necessarily all."""

    userid: str
    pairs: tuple[ContactPair, ...]


@dataclass(frozen=True, slots=True)
class ContactSeen:
    """One contact looked at alone; without a card she is nobody's friend in range."""

    external_userid: str
    card: ContactCard | None


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """One group looked at; without a card it was dismissed or is none of the corp's."""

    chat_id: str
    card: GroupCard | None


@dataclass(frozen=True, slots=True)
class TagsSeen:
    """Groups of corp tags; all of them, or those that were asked about."""

    groups: tuple[TagGroup, ...]
    is_all: bool
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayIds:
    """Some of the contact-me codes that exist."""

    config_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaySeen:
    """One contact-me code in detail; without a card it does not exist."""

    config_id: str
    card: ContactWayCard | None


@dataclass(frozen=True, slots=True)
class UnassignedContacts:
    """Contacts of members who left, whom nobody took over."""

    rows: tuple[Unassigned, ...]


@dataclass(frozen=True, slots=True)
class LinkIds:
    """Every acquisition link that exists."""

    link_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """One acquisition link in detail; without a card it does not exist."""

    link_id: str
    card: AcquisitionLink | None


@dataclass(frozen=True, slots=True)
class LinkCustomers:
    """Some of those who came by a link."""

    link_id: str
    rows: tuple[AcquisitionCustomer, ...]


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    """What is left of the customers that were paid for."""

    quota: AcquisitionQuota


@dataclass(frozen=True, slots=True)
class MomentsSeen:
    """The moments made in a time."""

    rows: tuple[Moment, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class MomentTasks:
    """Who was asked to publish a moment of the corp; without rows WeCom shows it no more."""

    moment_id: str
    rows: tuple[MomentTask, ...] | None


@dataclass(frozen=True, slots=True)
class MomentReach:
    """Who saw one guide's moment and what they did; without viewers he shows it no more."""

    moment_id: str
    userid: str
    viewers: tuple[str, ...] | None
    reactions: MomentReactions | None


@dataclass(frozen=True, slots=True)
class KfAccounts:
    """Every account of customer service that the application sees."""

    rows: tuple[KfAccount, ...]


@dataclass(frozen=True, slots=True)
class KfServicers:
    """Who serves one account."""

    open_kfid: str
    rows: tuple[KfServicer, ...]


@dataclass(frozen=True, slots=True)
class Agreements:
    """What customers said to WeCom's archive, of pairs with guides or of one group (`chat_id`)."""

    rows: tuple[Agreement, ...]
    chat_id: str = ""


@dataclass(frozen=True, slots=True)
class KeywordHits:
    """What keyword rules were hit by behind the place `after`, up to `upto`."""

    rows: tuple[HitMessage, ...]
    after: str
    upto: str


@dataclass(frozen=True, slots=True)
class Rest:
    """WeCom has told everything: what of ours did this sweep not meet? `after` is the comparer's
    own place to go on from, empty at first.
    """

    after: str = ""


Facts = (
    DepartmentList
    | StaffOf
    | Serving
    | FriendIds
    | FriendPairs
    | ContactSeen
    | GroupSeen
    | TagsSeen
    | WayIds
    | WaySeen
    | UnassignedContacts
    | LinkIds
    | LinkSeen
    | LinkCustomers
    | QuotaSeen
    | MomentsSeen
    | MomentTasks
    | MomentReach
    | KfAccounts
    | KfServicers
    | Agreements
    | KeywordHits
    | Rest
)


@dataclass(frozen=True, slots=True)
class Portion:
    """Facts of one kind, asked of WeCom at `asked_at` by a sweep that began at `since`."""

    kind: str
    subject: str
    facts: Facts
    asked_at: datetime
    since: datetime
    is_full: bool = True
    is_thorough: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One difference: about whom, what, and a detail for HQ."""

    subject: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of comparing a portion.

    `wants` names subjects whose details WeCom shall be asked for. `after`, for `Rest` alone: there
    is more of ours to compare, from this place on.
    """

    compared: int = 0
    repaired: Sequence[Found | str] = ()
    left: Sequence[Found | str] = ()
    wants: Sequence[str] = ()
    after: str = ""


@dataclass(slots=True)
class Tally:
    """An outcome in the making."""

    compared: int = 0
    repaired: list[Found | str] = field(default_factory=list)
    left: list[Found | str] = field(default_factory=list)
    wants: list[str] = field(default_factory=list)

    def outcome(self, *, after: str = "") -> Outcome:
        """What was counted, as it is handed back."""
        return Outcome(self.compared, self.repaired, self.left, self.wants, after)


def pairs_of(card: ContactCard) -> tuple[ContactPair, ...]:
    """A card's followers as pairs. Tags are not known."""
    return tuple(
        ContactPair(
            external_userid=card.external_userid,
            name=card.name,
            avatar=card.avatar,
            kind=card.kind,
            unionid=card.unionid,
            userid=one.userid.lower(),
            since=one.since,
            state=one.state,
            add_way=one.add_way,
            remark=one.remark,
            tag_ids=(),
            mobiles=one.mobiles,
        )
        for one in card.followers
    )


Reconciler = Callable[[Portion], Outcome]


def reconcilers_of(kind: str) -> Iterator[tuple[str, Reconciler]]:
    """Who compares this kind, lowest floor first, with the path that names it."""
    board: Mapping[str, Sequence[str]] = import_string(settings.RECONCILERS)
    for path in board.get(kind, ()):
        reconciler: Any = import_string(path)
        yield path, reconciler
