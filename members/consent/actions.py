"""Deciding, leaving, and publishing a notice."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Max
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.consent.errors import (
    MembershipIsLeft,
    NotAMember,
    NoticePublished,
    NoticeUnfit,
)
from members.consent.models import (
    Channel,
    ConsentEvent,
    ConsentState,
    Method,
    Notice,
    Purpose,
)
from members.consent.rules import digest_of_notice, fault_of_notice
from members.consent.steps import Circumstances, Proof, record_decisions
from members.identity.models import Member, MemberState
from stores.org.models import LegalEntity


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


@action
def draft_notice(
    entity_id: int, *, title: str, summary: str, body: str, items: list[dict[str, str]], by: Actor
) -> Notice:
    """A new version of an entity's notice, not yet published."""
    entity = LegalEntity.objects.select_for_update().get(pk=entity_id)
    newest = Notice.objects.filter(entity=entity).aggregate(newest=Max("version"))["newest"] or 0
    return Notice.objects.create(
        entity=entity, version=newest + 1, title=title, summary=summary, body=body, items=items
    )


@action
def publish_notice(notice_id: int, *, by: Actor) -> Notice:
    """Publish for good: from now on it is shown and never changed. Published before: unchanged.

    Refuses a notice whose permissions are not well said, and one older than what is shown.
    """
    notice = Notice.objects.select_for_update().get(pk=notice_id)
    if notice.published_at is not None:
        return notice
    fault = fault_of_notice(notice.items, Purpose.values)
    if fault or not notice.summary or not notice.body:
        raise NoticeUnfit(fault or "简明告知和全文都要写。")
    newer = Notice.objects.filter(entity=notice.entity_id, version__gt=notice.version)
    if newer.exclude(published_at=None).exists():
        raise NoticePublished("更新的一版已经发布，这一版不能再发布。")
    notice.sha256 = digest_of_notice(notice.title, notice.summary, notice.body, notice.items)
    notice.published_at = timezone.now()
    notice.save(update_fields=["sha256", "published_at"])
    emit("notice_published", subject=f"notice:{shown_id(notice.public_id)}", notice=notice.pk)
    return notice


def _locked(member_id: int) -> Member:
    """The member, alone: her decisions are written one after another."""
    return Member.objects.select_for_update().get(pk=member_id)
