"""Deciding, and leaving. What is decided about stands in `noticing`."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.consent.errors import MembershipIsLeft, NotAMember
from members.consent.models import (
    Channel,
    ConsentEvent,
    ConsentState,
    Method,
    Notice,
    Purpose,
)
from members.consent.steps import Circumstances, Proof, record_decisions
from members.identity.models import Member, MemberState


@action
def decide(
    member_id: int,
    decisions: Mapping[str, bool],
    *,
    by: Actor,
    channel: str = Channel.ANY,
    method: Method = Method.OWN_PAGE,
    notice_id: int | None = None,
    source: str = "",
    proof: Proof | None = None,
) -> list[ConsentEvent]:
    """Grant (True) or refuse and withdraw (False) several purposes at once.

    Log, proof and projection are written together; what already holds is not written again, so
    repeating changes nothing. Refuses who is no member, and membership itself (see
    `leave_membership`). Returns the decisions that were written.
    """
    member = _locked(member_id)
    if member.state != MemberState.ACTIVE:
        raise NotAMember
    if decisions.get(Purpose.MEMBERSHIP) is False:
        raise MembershipIsLeft
    notice = Notice.objects.get(pk=notice_id) if notice_id is not None else None
    around = Circumstances(
        method=method, at=timezone.now(), notice=notice, source=source, proof=proof
    )
    return record_decisions(member, decisions, around, channel=channel)


@action
def leave_membership(member_id: int, *, by: Actor, proof: Proof | None = None) -> bool:
    """End the membership and withdraw everything at once; False when she had left before.

    Her purchases stay in the ledger as the law wants; emits `member_left`.
    """
    member = _locked(member_id)
    if member.state != MemberState.ACTIVE:
        return False
    now = timezone.now()
    around = Circumstances(method=Method.OWN_PAGE, at=now, proof=proof)
    held = ConsentState.objects.filter(member=member, is_granted=True)
    for channel in set(held.values_list("channel", flat=True)):
        purposes = held.filter(channel=channel).values_list("purpose", flat=True)
        record_decisions(member, dict.fromkeys(purposes, False), around, channel=channel)
    member.state, member.left_at = MemberState.LEFT, now
    member.version += 1
    member.save(update_fields=["state", "left_at", "version"])
    emit("member_left", subject=f"member:{shown_id(member.public_id)}", member=member.pk)
    return True


def _locked(member_id: int) -> Member:
    """The member, alone: her decisions are written one after another."""
    return Member.objects.select_for_update().get(pk=member_id)
