"""Actions on transfers: plan them, take WeCom's word on each, make it true, settle the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.handover.models import (
    TURNED_DOWN,
    Because,
    CustomerChoice,
    CustomerTransfer,
    Settled,
    TransferState,
)
from members.handover.queries import Plan, sorted_out
from members.handover.rules import TAKES_EFFECT, Case, verdict_on
from members.handover.steps import change_owner, put_in_batches, tell
from members.identity.models import Contact, Friendship, Member
from stores.org.access import answers_for
from stores.org.errors import AlreadyDecided, WrongSuccessor
from stores.org.handing_over import locked_hand_over, note_planned
from stores.org.models import Guide, HandOver, HandOverReason, HandOverState
from stores.org.queries import successors_for
from wecom.outbox import steps as outbox

PART = "customers"
# Rows written by one statement, owners changed by one action.
_AT_ONCE = 2_000


@action
def plan_transfers(handover_id: int, *, by: Actor) -> int:
    """Write down what becomes of every customer, and wish for it at WeCom; how many rows.

    A leave moves nobody. Planned before: unchanged, 0.
    """
    handover = locked_hand_over(handover_id)
    if handover.state != HandOverState.DECIDED or not note_planned(handover, PART):
        return 0
    if handover.is_leave:
        return 0
    now = timezone.now()
    plan = sorted_out(handover, at=now)
    contacts = Contact.objects.in_bulk([case.key[0] for case in plan.cases if case.key[0]])
    rows = _once_each([_row(handover, case, plan, contacts, now) for case in plan.cases])
    put_in_batches(
        handover,
        (row for row in rows if row.contact is not None and row.state == TransferState.PLANNED),
        at=now,
    )
    for start in range(0, len(rows), _AT_ONCE):
        CustomerTransfer.objects.bulk_create(rows[start : start + _AT_ONCE])
    tell(handover)
    return len(rows)


def _once_each(rows: Sequence[CustomerTransfer]) -> list[CustomerTransfer]:
    """Two contacts of one member, of whom nothing is asked of WeCom, are one change of owner."""
    found: list[CustomerTransfer] = []
    members: set[int] = set()
    for row in rows:
        if row.contact_id is None and row.member_id is not None:
            if row.member_id in members:
                continue
            members.add(row.member_id)
        found.append(row)
    return found


def _row(
    handover: HandOver,
    case: Case,
    plan: Plan,
    contacts: Mapping[int, Contact],
    at: datetime,
) -> CustomerTransfer:
    because = plan.kept.get(case.key, "")
    passes = case.key in plan.given
    contact = contacts.get(case.key[0])
    member = contact.member_id if contact is not None else case.key[1]
    if passes and (contact is None or because == Because.GONE or not handover.guide.wecom_userid):
        # Nothing is asked of WeCom: her owner changes here.
        contact, because = None, because or Because.STRANGER
        passes = member is not None
    return CustomerTransfer(
        hand_over=handover,
        store_id=handover.store_id,
        contact=contact,
        member_id=member,
        from_guide=handover.guide,
        to_guide_id=plan.given.get(case.key) if passes else None,
        state=TransferState.PLANNED if passes else TransferState.KEPT,
        because=because,
        ended_at=None if passes else at,
    )


@action
def take_over_strangers(handover_id: int, *, by: Actor, limit: int = 500) -> int:
    """Members who are no friends in WeCom change their owner now; how many rows found their end.

    Call it until it gives 0.
    """
    handover = locked_hand_over(handover_id)
    now = timezone.now()
    rows = list(
        CustomerTransfer.objects.select_for_update(of=("self",))
        .select_related("contact", "to_guide__store", "from_guide__store")
        .filter(hand_over=handover, state=TransferState.PLANNED, contact=None)
        .order_by("pk")[:limit]
    )
    if handover.state == HandOverState.DECIDED:
        _change_owners(rows, at=now)
        _end(rows, TransferState.DONE, at=now)
    else:
        _end(rows, TransferState.KEPT, at=now, because=Because.STOPPED)
    tell(handover, *{row.to_guide for row in rows if row.to_guide is not None})
    return len(rows)


@action
def note_answer(once: str, codes: Mapping[str, int], *, by: Actor) -> int:
    """WeCom's word on each customer of a call; how many rows it concerned. Again: 0."""
    now = timezone.now()
    rows = _asked(once)
    for row in rows:
        code = int(codes.get(row.contact.external_userid, 0)) if row.contact is not None else 0
        said = verdict_on(code)
        row.state, row.because, row.error = said.state, said.because, said.words[:300]
        row.code = code or None
        if said.state == TransferState.WAITING:
            row.takes_effect_at = now + TAKES_EFFECT
            # Somebody else's transfer is ours only if WeCom says so when asked.
            row.next_look_at = now if code else row.next_look_at
        else:
            row.next_look_at, row.ended_at = None, now
    CustomerTransfer.objects.bulk_update(
        rows,
        ["state", "because", "error", "code", "takes_effect_at", "next_look_at", "ended_at"],
        batch_size=_AT_ONCE,
    )
    if rows:
        tell(rows[0].hand_over)
    return len(rows)


@action
def note_refusal(once: str, *, error: str, code: int | None, by: Actor) -> int:
    """The whole call was refused, or came too late: none of its customers passes on."""
    rows = _asked(once)
    _end(rows, TransferState.FAILED, at=timezone.now(), error=error[:300], code=code)
    if rows:
        tell(rows[0].hand_over)
    return len(rows)


@action
def look_soon(external_userid: str, *, by: Actor) -> int:
    """Something happened to a customer who is passing on: WeCom is asked with the next sweep."""
    return (
        CustomerTransfer.objects.filter(
            contact__external_userid=external_userid,
            state__in=[TransferState.ASKED, TransferState.WAITING],
        )
        .exclude(next_look_at__lte=timezone.now())
        .update(next_look_at=timezone.now())
    )


@action
def look_for_batch(once: str, *, by: Actor) -> int:
    """Nobody knows what became of a call: WeCom's list of transfers tells.

    From now on as for a call that was taken: who does not stand in that list an hour later is not
    passing on.
    """
    now = timezone.now()
    rows = CustomerTransfer.objects.filter(batch=once, state=TransferState.ASKED)
    return rows.update(next_look_at=now, takes_effect_at=now + TAKES_EFFECT)


@action
def stop_transfers(handover_id: int, *, by: Actor) -> int:
    """What WeCom has not heard of is not asked any more; how many stay where they are."""
    handover = locked_hand_over(handover_id)
    rows = CustomerTransfer.objects.filter(hand_over=handover, state=TransferState.ASKED)
    batches = rows.order_by("batch").values_list("batch", flat=True).distinct()
    taken_back = [once for once in batches if outbox.cancel(once)]
    stopped = list(rows.filter(batch__in=taken_back).select_for_update(of=("self",)))
    _end(stopped, TransferState.KEPT, at=timezone.now(), because=Because.STOPPED)
    tell(handover)
    return len(stopped)


# ---------------------------------------------------------------- a person's word


@action
def choose_for(
    handover_id: int, *, contact_id: int | None, member_id: int | None, goes_along: bool, by: Actor
) -> None:
    """One customer of a guide who moves goes with her, or stays, against the rule for all.

    Raises AlreadyDecided once it was decided, Http404 for somebody whom the guide does not have.
    """
    handover = _hers(handover_id, by)
    hers = (
        Friendship.objects.filter(guide=handover.guide_id, contact=contact_id, until=None)
        if contact_id is not None
        else Member.objects.filter(owner=handover.guide_id, pk=member_id or 0)
    )
    if not hers.exists():
        raise Http404
    if handover.state != HandOverState.PROPOSED or handover.reason != HandOverReason.MOVED:
        raise AlreadyDecided
    CustomerChoice.objects.update_or_create(
        hand_over=handover,
        contact_id=contact_id,
        member_id=None if contact_id is not None else member_id,
        defaults={"goes_along": goes_along, "store_id": handover.store_id},
    )
    # Who has seen the counts before must look again.
    handover.version += 1
    handover.save(update_fields=["version"])


@action
def ask_again(
    handover_id: int, transfer_ids: Collection[int] | None, *, to_guide_id: int, by: Actor
) -> int:
    """Those who were turned down, or were in another transfer then, pass on; how many.

    Without ids all of them. Settled ones stay so, those in another transfer wait on. Raises
    WrongSuccessor.
    """
    handover = _hers(handover_id, by)
    successor = _successor(handover, to_guide_id, by)
    now = timezone.now()
    rows = list(
        _open_questions(handover, transfer_ids)
        .filter(Q(state__in=TURNED_DOWN) | Q(because=Because.UNDER_WAY))
        .exclude(contact=None)
        .exclude(contact__in=CustomerTransfer.objects.under_way().values("contact"))
        .select_related("contact")
    )
    _settle(rows, Settled.ANOTHER)
    again = [
        CustomerTransfer(
            hand_over=handover,
            store_id=handover.store_id,
            contact=row.contact,
            member_id=row.member_id,
            from_guide_id=row.from_guide_id,
            to_guide=successor,
        )
        for row in rows
    ]
    CustomerTransfer.objects.bulk_create(put_in_batches(handover, again, at=now))
    tell(handover, successor)
    return len(rows)


@action
def change_owner_only(
    handover_id: int, transfer_ids: Collection[int] | None, *, to_guide_id: int, by: Actor
) -> int:
    """Here they become the successor's; in WeCom they stay whose friends they are. How many.

    Raises WrongSuccessor.
    """
    handover = _hers(handover_id, by)
    successor = _successor(handover, to_guide_id, by)
    rows = list(_open_questions(handover, transfer_ids))
    for row in rows:
        row.to_guide = successor
    _change_owners(rows, at=timezone.now())
    CustomerTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(
        settled=Settled.OWNER_ONLY, to_guide=successor
    )
    tell(handover, successor)
    return len(rows)


@action
def leave_as_they_are(handover_id: int, transfer_ids: Collection[int] | None, *, by: Actor) -> int:
    """Nothing more is tried for those who were turned down. How many."""
    handover = _hers(handover_id, by)
    rows = list(_open_questions(handover, transfer_ids))
    _settle(rows, Settled.KEPT)
    tell(handover)
    return len(rows)


# ---------------------------------------------------------------- shared


def _hers(handover_id: int, by: Actor) -> HandOver:
    handover = locked_hand_over(handover_id)
    if not answers_for(by.scope, handover.store_id):
        raise Http404
    return handover


def _successor(handover: HandOver, guide_id: int, by: Actor) -> Guide:
    found = successors_for(handover, by.scope).filter(pk=guide_id).first()
    if found is None:
        raise WrongSuccessor
    return found


def _asked(once: str) -> list[CustomerTransfer]:
    return list(
        CustomerTransfer.objects.select_for_update(of=("self",))
        .select_related("contact", "hand_over__store")
        .filter(batch=once, state=TransferState.ASKED)
        .order_by("pk")
    )


def _open_questions(
    handover: HandOver, transfer_ids: Collection[int] | None
) -> QuerySet[CustomerTransfer]:
    found = (
        CustomerTransfer.objects.undecided()
        .select_for_update(of=("self",))
        .select_related("contact", "to_guide__store")
        .filter(hand_over=handover)
        .order_by("pk")
    )
    return found if transfer_ids is None else found.filter(pk__in=transfer_ids)


def _change_owners(rows: Sequence[CustomerTransfer], *, at: datetime) -> None:
    by_pair: dict[tuple[int, Guide], list[int]] = {}
    for row in rows:
        # Two records may have become one since: the contact knows which.
        member = row.contact.member_id if row.contact is not None else row.member_id
        if row.to_guide is not None and member is not None:
            by_pair.setdefault((row.from_guide_id, row.to_guide), []).append(member)
    for (from_guide, to), members in by_pair.items():
        change_owner(members, from_guide=from_guide, to=to, at=at)


def _end(
    rows: Sequence[CustomerTransfer], state: TransferState, *, at: datetime, **more: object
) -> None:
    CustomerTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, ended_at=at, next_look_at=None, **more
    )


def _settle(rows: Sequence[CustomerTransfer], word: Settled) -> None:
    CustomerTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(settled=word)
