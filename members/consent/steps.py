"""What actions share: writing decisions into the log, the proof and the projection at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import shown_id
from members.consent.models import (
    Channel,
    ConsentEvent,
    ConsentProof,
    ConsentState,
    Decision,
    Method,
    Notice,
    Purpose,
)
from members.consent.rules import decision_for
from members.identity.models import Member
from stores.org.models import Guide, Store


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a decision came from; kept in a table that erasure may empty."""

    ip: str = ""
    user_agent: str = ""
    signature: str = ""
    # What showed that it was she, as "one_time_code:<id>".
    proven_by: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What stood around a decision: the words she read, how, with whom, where, since when."""

    method: Method
    at: datetime
    notice: Notice | None = None
    guide: Guide | None = None
    store: Store | None = None
    source: str = ""
    proof: Proof | None = None


NO_CHANGE: Final[list[ConsentEvent]] = []


def record_decisions(
    member: Member,
    decisions: Mapping[str, bool],
    around: Circumstances,
    *,
    channel: str = Channel.ANY,
    keep_granted: bool = False,
) -> list[ConsentEvent]:
    """Write what she decided; what already holds is not written again. A step.

    The caller holds the lock on the member. `keep_granted` leaves a permission she gave before
    alone when it was only offered again and not ticked: leaving a box empty withdraws nothing.
    Emits `consent_granted` or `consent_withdrawn` for every change.
    """
    by = must_be_in_action()
    held = {
        state.purpose: state
        for state in ConsentState.objects.filter(member=member, channel=channel)
    }
    written: list[ConsentEvent] = []
    for purpose, wanted in decisions.items():
        state = held.get(Purpose(purpose).value)
        if keep_granted and not wanted and state is not None:
            continue
        decision = decision_for(wanted=wanted, held=None if state is None else state.is_granted)
        if decision is None:
            continue
        event = _write(member, purpose, channel, decision, around, actor=str(by))
        _project(member, state, event)
        _tell(member, event)
        written.append(event)
    return written


def end_grants(
    member: Member, purposes: Collection[str], around: Circumstances
) -> list[ConsentEvent]:
    """What she agreed to holds no longer, by nobody's refusal: it has to be asked anew. A step.

    Over every channel; what does not hold is not written. The caller holds the lock on the member.
    Emits `consent_withdrawn`, since whoever used the permission has to stop all the same.
    """
    by = must_be_in_action()
    held = ConsentState.objects.filter(member=member, purpose__in=purposes, is_granted=True)
    written = []
    for state in held.order_by("pk"):
        event = _write(member, state.purpose, state.channel, Decision.EXPIRE, around, actor=str(by))
        _project(member, state, event)
        _tell(member, event)
        written.append(event)
    return written


def _write(
    member: Member,
    purpose: str,
    channel: str,
    decision: str,
    around: Circumstances,
    *,
    actor: str,
) -> ConsentEvent:
    event = ConsentEvent.objects.create(
        member=member,
        purpose=purpose,
        channel=channel,
        decision=decision,
        notice=around.notice,
        method=around.method,
        guide=around.guide,
        store=around.store,
        source=around.source,
        at=around.at,
        actor=actor,
    )
    if around.proof is not None:
        ConsentProof.objects.create(
            event=event,
            ip=around.proof.ip or None,
            user_agent=around.proof.user_agent[:300],
            signature=around.proof.signature or None,
            proven_by=around.proof.proven_by[:80],
        )
    return event


def _project(member: Member, state: ConsentState | None, event: ConsentEvent) -> None:
    is_granted = event.decision == Decision.GRANT
    if state is None:
        ConsentState.objects.create(
            member=member,
            purpose=event.purpose,
            channel=event.channel,
            is_granted=is_granted,
            since=event.at,
            event=event,
        )
        return
    state.is_granted, state.since, state.event = is_granted, event.at, event
    state.save(update_fields=["is_granted", "since", "event"])


def _tell(member: Member, event: ConsentEvent) -> None:
    if event.decision == Decision.REFUSE:
        return
    granted = event.decision == Decision.GRANT
    emit(
        "consent_granted" if granted else "consent_withdrawn",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        purpose=event.purpose,
        channel=event.channel,
    )
