"""WeCom or a room of ours says something that concerns tags: read what is true, then settle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from kit.actions import scope_of
from kit.events import DomainEvent
from members.consent.models import Purpose
from members.identity.inbound import moment_of
from members.identity.models import Contact, Friendship, Member
from members.tags.actions import allow_tags, forbid_tags
from members.tags.queries import standing_of_member
from members.tags.rules import Standing
from members.tags.settling import US, Told, end_wish, look_again, read_pair, settle_pair
from members.tags.sharing import end_tag_wish
from wecom.directory.catalogue import take_tags
from wecom.directory.portions import TagsSeen
from wecom.gateway import Retry, WecomError
from wecom.gateway.codes import advice_of
from wecom.outbox.models import Kind, OutboxRow

# WeCom tells whole seconds: within one, its own word counts as the later.
_GRAIN: Final = timedelta(seconds=1)


def contact_edited(event: DomainEvent) -> None:
    """Somebody changed a customer inside WeCom, perhaps her tags: what the pair shows is read."""
    external_userid = str(event.payload.get("external_userid") or "")
    userid = str(event.payload.get("userid") or "").lower()
    with scope_of(US):
        friendship = (
            Friendship.objects.filter(
                contact__external_userid=external_userid,
                contact__member__isnull=False,
                guide__wecom_userid=userid,
                until=None,
            )
            .select_related("contact", "guide")
            .first()
        )
    if friendship is None:
        return
    try:
        told = read_pair(friendship)
    except WecomError as error:
        if error.retry is not Retry.NEVER:
            raise
        return
    if told is not None:
        seen_at = min(moment_of(event) + _GRAIN, told.asked_at)
        settle_pair(friendship.pk, Told(told.tag_ids, told.asked_at, seen_at), by=US)


def friend_added(event: DomainEvent) -> None:
    """A new pair: the member's tags go to it, what it has at WeCom comes here."""
    look_again(int(event.payload["friendship"]), by=US)


def contact_joined(event: DomainEvent) -> None:
    """A contact turned out to be a member: what guides tagged at WeCom is hers."""
    with scope_of(US):
        found = Friendship.objects.filter(contact=event.payload["contact"], until=None)
        keys = list(found.values_list("pk", flat=True))
    for key in keys:
        look_again(key, by=US)


def permission_changed(event: DomainEvent) -> None:
    """She agreed to profiling, or does no longer: then no tag of hers stays, here or at WeCom."""
    if event.payload.get("purpose") != Purpose.PROFILING:
        return
    member = int(event.payload["member"])
    if event.kind == "consent_granted":
        allow_tags(member, by=US)
    else:
        forbid_tags(member, by=US)


def member_left(event: DomainEvent) -> None:
    """Who left has no tags, whatever she had agreed to."""
    forbid_tags(int(event.payload["member"]), by=US)


def mark_ended(event: DomainEvent) -> None:
    """A wish for tags has its end: from now on WeCom holds what it asked for, or is read again."""
    once = str(event.payload.get("once") or "")
    if once.startswith("tags:"):
        end_wish(once, was_done=event.kind.startswith("outbox.sent."), by=US)


def corp_tag_ended(event: DomainEvent) -> None:
    """A wish about a tag of ours at WeCom has its end; the mirror keeps nothing it deleted."""
    once = str(event.payload.get("once") or "")
    was_done = event.kind.startswith("outbox.sent.")
    with scope_of(US):
        row = OutboxRow.objects.filter(once=once).first()
    said: dict[str, Any] = {} if row is None else row.payload
    if was_done and event.kind.endswith(f".{Kind.CORP_TAG_DELETE}") and "id" in said:
        gone = TagsSeen((), is_all=False, absent=(str(said["id"]),))
        take_tags(gone, asked_at=timezone.now(), by=US)
    answer = {**said, **(event.payload.get("answer") or {})}
    code = event.payload.get("code")
    error = advice_of(int(code)) if isinstance(code, int) and code else ""
    end_tag_wish(once, was_done=was_done, answer=answer, error=error, by=US)


def may_still_send(row: OutboxRow) -> str:
    """Nothing is put on somebody at WeCom who does not allow it any more; asked before sending."""
    if not row.payload.get("add") or not row.once.startswith("tags:"):
        return ""
    with scope_of(US):
        contacts = Contact.objects.filter(
            external_userid=row.payload["external_userid"], member__isnull=False
        )
        members = Member.objects.filter(contacts__in=contacts).distinct()
        now = timezone.now()
        allowed = [standing_of_member(one, now) is Standing.ALLOWED for one in members]
    return "" if allowed and all(allowed) else "她没有同意“按我的喜好推荐”"
