"""What both doors of a hand-over share: reading its form, showing its state and its people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import Http404, QueryDict
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import EVERYTHING, Actor
from members.handover import actions
from members.handover.models import CustomerTransfer
from members.handover.queries import Plan, rows_of, sorted_out
from members.handover.rules import Key
from members.identity.models import Contact, Member
from members.identity.queries import called
from members.identity.rules import face_of, tone_of
from stores.org.access import answers_for
from stores.org.errors import WrongSuccessor
from stores.org.handing_over import Terms
from stores.org.hq import masked
from stores.org.models import (
    GoesAlong,
    Guide,
    HandOver,
    HandOverReason,
    HandOverState,
)
from stores.org.parts import Part, parts_of
from stores.org.queries import successors_for

# How many colleagues a search offers; the store's own come first.
_OFFERED = 12
PAGE = 40
# Counts, and names of the guide's customers: whoever decides has been let in by the door, while
# row-level security would hide from the old store a guide who already works in the new one.
_SIGHT = Actor.system("a hand-over that its decider looks at")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer in the list of a hand-over."""

    key: str
    name: str
    face: str
    tone: str
    why: str
    to: str = ""
    state: str = ""
    tone_of_state: str = ""
    is_open: bool = False
    goes_along: bool = False

    @property
    def masked(self) -> str:
        """As HQ reads names: `陈*`."""
        return masked(self.name)


def read_form(post: QueryDict) -> tuple[dict[int, int], Terms]:
    """Successors with their parts, and the terms; what is no number counts as one part."""
    shares = {
        int(key): _parts(post.get(f"parts-{key}", "1"))
        for key in post.getlist("successor")
        if key.isdecimal()
    }
    goes_along = post.get("goes_along", GoesAlong.OTHERS)
    return shares, Terms(
        goes_along=goes_along if goes_along in GoesAlong.values else GoesAlong.OTHERS,
        keeps_friends="keeps_friends" in post,
        keeps_stores_together="keeps_stores_together" in post,
        message=post.get("message", "").strip()[:400],
        ends_at=_back_at(post.get("back_on", "")),
    )


def _parts(text: str) -> int:
    return min(100, max(1, int(text))) if text.isdecimal() and len(text) <= 3 else 1


def _back_at(text: str) -> datetime | None:
    """The morning of the day on which she is back."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - only its date is used
    except ValueError:
        return None
    return datetime.combine(day, time(6), tzinfo=ZoneInfo("Asia/Shanghai"))


def page_of(actor: Actor, handover: HandOver, words: str = "") -> dict[str, Any]:
    """Everything a page of the hand-over shows. The caller has been let in by `hand_over_for`."""
    is_proposed = handover.state == HandOverState.PROPOSED
    shares = list(handover.shares.all())
    with scope_of(_SIGHT):
        parts = parts_of(_SIGHT, handover)
        offered = (
            list(
                successors_for(handover, actor.scope, words.strip()[:30]).exclude(
                    pk__in=[share.successor_id for share in shares]
                )[:_OFFERED]
            )
            if is_proposed
            else []
        )
    return {
        "handover": handover,
        "shares": shares,
        "parts": [part for part in parts if part.total] or parts[:1],
        "offered": offered,
        "words": words,
        "is_proposed": is_proposed,
        "is_leave": handover.is_leave,
        "moves": handover.reason == HandOverReason.MOVED,
        "can_decide": is_proposed and bool(shares),
        # Decided, and WeCom has not told yet by which of its doors her customers pass on.
        "asks_account": handover.state == HandOverState.DECIDED
        and not handover.is_leave
        and handover.has_resigned is None
        and not any(part.total for part in parts),
        "under_way": sum(part.under_way for part in parts),
        "undecided": sum(part.undecided for part in parts),
        "total": sum(part.total for part in parts),
        "asks_wecom": _asks_wecom(parts),
        "goes_along": GoesAlong.choices,
        "tomorrow": timezone.localdate() + timedelta(days=1),
    }


def people_of(handover: HandOver, page: int) -> dict[str, Any]:
    """A page of the guide's customers: before the decision who is to go where, then what came."""
    with scope_of(_SIGHT):
        if handover.state in (HandOverState.PROPOSED, HandOverState.DROPPED):
            return _planned(handover, page)
        found = Paginator(rows_of(handover), PAGE).get_page(page)
        return {"page": found, "people": [_of_row(row) for row in found.object_list]}


def successors_offered(actor: Actor, handover: HandOver) -> list[Guide]:
    """To whom those who were turned down may be given instead."""
    return list(successors_for(handover, actor.scope)[:60])


def choose_customer(handover: HandOver, post: QueryDict, *, by: Actor) -> None:
    """Do what the form of one customer says: she stays with the store, or goes along."""
    key = key_of(post.get("who", ""))
    if key is None:
        raise Http404
    actions.choose_for(
        handover.pk,
        contact_id=key[0] or None,
        member_id=key[1] or None,
        goes_along=post.get("goes") == "along",
        by=_seeing_her_customers(by, handover),
    )


def _seeing_her_customers(by: Actor, handover: HandOver) -> Actor:
    """The decider, with sight of every customer of the guide.

    A guide looks after members of other stores too; her hand-over's decider settles them with the
    rest, though row-level security hides them from him elsewhere.
    """
    if not answers_for(by.scope, handover.store_id):
        raise Http404
    return replace(by, scope=EVERYTHING)


def settle_customers(handover: HandOver, post: QueryDict, *, by: Actor) -> str:
    """Do what the form of the turned-down says, for the ticked ones or all; the word for it.

    Raises WrongSuccessor for one whom the decider does not see.
    """
    ticked = [int(key) for key in post.getlist("row") if key.isdecimal()]
    rows = ticked or None
    to = post.get("to", "")
    to_guide = int(to) if to.isdecimal() else 0
    act = post.get("act", "")
    is_offered = successors_for(handover, by.scope).filter(pk=to_guide).exists()
    if act in {"again", "owner"} and not is_offered:
        raise WrongSuccessor
    by = _seeing_her_customers(by, handover)
    if act == "again":
        return f"{actions.ask_again(handover.pk, rows, to_guide_id=to_guide, by=by)} 位重新提交了。"
    if act == "owner":
        changed = actions.change_owner_only(handover.pk, rows, to_guide_id=to_guide, by=by)
        return f"{changed} 位换了专属导购，企业微信里不变。"
    if act == "keep":
        return f"{actions.leave_as_they_are(handover.pk, rows, by=by)} 位留给原导购。"
    raise Http404


def key_of(text: str) -> Key | None:
    """`c12` is a contact, `m12` a member who is no friend; None for anything else."""
    number = text[1:]
    if text[:1] not in ("c", "m") or not number.isdecimal() or len(number) > 18:
        return None
    return (int(number), 0) if text[0] == "c" else (0, int(number))


def _planned(handover: HandOver, number: int) -> dict[str, Any]:
    plan = sorted_out(handover, at=timezone.now())
    found = Paginator(plan.cases, PAGE).get_page(number)
    keys = [case.key for case in found.object_list]
    contacts = Contact.objects.select_related("member").in_bulk([k[0] for k in keys if k[0]])
    members = Member.objects.in_bulk([k[1] for k in keys if k[1]])
    names = {share.successor_id: share.successor.name for share in handover.shares.all()}
    return {
        "page": found,
        "people": [_of_case(case.key, plan, contacts, members, names) for case in found],
    }


def _of_case(
    key: Key,
    plan: Plan,
    contacts: Mapping[int, Contact],
    members: Mapping[int, Member],
    names: Mapping[int, str],
) -> Person:
    contact = contacts.get(key[0])
    member = contact.member if contact is not None else members.get(key[1])
    name = _name(contact, member)
    word = plan.kept.get(key, "")
    to = names.get(plan.given.get(key, 0), "")
    return Person(
        key=f"c{key[0]}" if key[0] else f"m{key[1]}",
        name=name,
        face=face_of(name),
        tone=tone_of(sum(key)),
        why=_WHY_KEPT.get(word) or ("加了企业微信" if contact is not None else "没加企业微信"),
        to=to,
        goes_along=word == "along",
    )


def _of_row(row: CustomerTransfer) -> Person:
    name = _name(row.contact, row.member)
    is_open = row.is_undecided
    return Person(
        key=str(row.pk),
        name=name,
        face=face_of(name),
        tone=tone_of(row.pk),
        why=row.error or (row.get_because_display() if row.because else ""),
        to=row.to_guide.name if row.to_guide is not None else "",
        state=row.get_settled_display() if row.settled else row.get_state_display(),
        tone_of_state=_TONES.get(row.state, "") if not row.settled else "",
        is_open=is_open,
    )


def _name(contact: Contact | None, member: Member | None) -> str:
    if member is not None:
        return called(member, contact)
    return (contact.name if contact is not None else None) or "企微客户"


def _asks_wecom(parts: list[Part]) -> bool:
    return any(count.tone == "main" for part in parts for count in part.counts)


_TONES = {"done": "good", "refused": "bad", "full": "bad", "failed": "bad", "waiting": "warn"}
_WHY_KEPT = {
    "along": "随她走，继续由她服务",
    "limit": "90 天内已转接过 2 次，转不了",
    "under_way": "正在另一次转接中，转不了",
    "gone": "她离职超过一年，只换专属导购",
}
