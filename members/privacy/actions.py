"""Opening a request, looking at a phone number, and noting that something left the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor, ActorKind
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import Member
from members.privacy.models import Disclosure, RequestKind, RequestState, SubjectRequest
from members.privacy.rules import due_of
from members.privacy.steps import record_disclosure, record_look


@action
def open_request(
    member_id: int, kind: RequestKind | str, words: str = "", *, by: Actor, reply_to: str = ""
) -> SubjectRequest:
    """She exercises a right: a row with its deadline. Opened by herself, her identity is checked.

    While one of the same kind is open, that one is returned unchanged; complaints may be many.
    """
    member = Member.objects.select_for_update().get(pk=member_id)
    wanted = RequestKind(kind)
    running = SubjectRequest.objects.filter(
        member=member, kind=wanted, state__in=[RequestState.OPEN, RequestState.CHECKED]
    ).first()
    if running is not None and wanted != RequestKind.COMPLAINT:
        return running
    now = timezone.now()
    is_herself = by.kind == ActorKind.MEMBER and by.key == shown_id(member.public_id)
    made = SubjectRequest.objects.create(
        member=member,
        entity_id=member.entity_id,
        kind=wanted,
        state=RequestState.CHECKED if is_herself else RequestState.OPEN,
        words=words.strip()[:2000] or None,
        reply_to=reply_to.strip()[:200] or None,
        opened_at=now,
        opened_by=str(by),
        due_at=due_of(now),
        checked_at=now if is_herself else None,
        checked_by=str(by) if is_herself else "",
        checked_how="own_page" if is_herself else "",
    )
    emit(
        "subject_request_opened",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        request=made.pk,
    )
    return made


@action
def reveal_phone(member_id: int, *, reason: str, by: Actor, at: datetime | None = None) -> str:
    """The whole number, once, for a reason of the list; the look is written in the same moment.

    Refuses without a reason, and beyond fifty looks of an account on one day. Empty when she has
    no number. Whom the actor does not meet does not exist: Member.DoesNotExist.
    """
    member = Member.objects.get(pk=member_id)
    phone = member.phone or ""
    record_look(member=member, fields=["phone"], reason=reason, at=at)
    return phone


@action
def disclose(
    *,
    what: str,
    recipient: str,
    purpose: str,
    fields: Sequence[str],
    count: int,
    members: Sequence[int] = (),
    country: str = "CN",
    by: Actor,
) -> Disclosure:
    """The step as an action, for doors that otherwise only read: a line before data leaves."""
    return record_disclosure(
        what=what,
        recipient=recipient,
        purpose=purpose,
        fields=fields,
        count=count,
        members=members,
        country=country,
    )
