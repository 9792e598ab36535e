"""Actions on a request: who she is, what was done, or why not. Nothing closes in silence."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import Member
from members.privacy.errors import IdentityUnchecked, RequestClosed, ResultMissing
from members.privacy.models import RequestKind, RequestState, SubjectRequest
from members.privacy.rules import due_of
from stores.org.models import LegalEntity

_CLOSED = {RequestState.DONE, RequestState.REFUSED, RequestState.TAKEN_BACK}


@action
def receive_request(
    entity_id: int, kind: RequestKind | str, *, words: str, reply_to: str, by: Actor
) -> SubjectRequest:
    """Somebody who is no member, or not found yet, exercises a right by letter or telephone.

    A dead member's next of kin too. Her identity is checked before anything is done.
    """
    now = timezone.now()
    return SubjectRequest.objects.create(
        entity=LegalEntity.objects.get(pk=entity_id),
        kind=RequestKind(kind),
        words=words.strip()[:2000] or None,
        reply_to=reply_to.strip()[:200] or None,
        opened_at=now,
        opened_by=str(by),
        due_at=due_of(now),
    )


@action
def check_identity(
    request_id: int, *, how: str, member_id: int | None = None, by: Actor
) -> SubjectRequest:
    """Say how we know who asks; for a letter also which member it is. Checked before: unchanged.

    Refuses without words, and a request that is closed.
    """
    row = _open(request_id)
    if row.state == RequestState.CHECKED:
        return row
    if not how.strip():
        raise ResultMissing("请写明怎么核实的身份。")
    if member_id is not None and row.member_id is None:
        row.member = Member.objects.get(pk=member_id, entity=row.entity_id)
    row.state = RequestState.CHECKED
    row.checked_at, row.checked_by, row.checked_how = timezone.now(), str(by), how.strip()[:200]
    row.save(update_fields=["member", "state", "checked_at", "checked_by", "checked_how"])
    return row


@action
def answer_request(request_id: int, *, result: str, by: Actor) -> SubjectRequest:
    """Close with what was done. Refuses without a result, and before her identity is checked.

    Repeating with the same result changes nothing.
    """
    row = SubjectRequest.objects.select_for_update().get(pk=request_id)
    if row.state == RequestState.DONE and row.result == result.strip()[:500]:
        return row
    if row.state in _CLOSED:
        raise RequestClosed
    if row.state != RequestState.CHECKED:
        raise IdentityUnchecked
    if not result.strip():
        raise ResultMissing
    row.result = result.strip()[:500]
    return _close(row, RequestState.DONE, by)


@action
def refuse_request(request_id: int, *, because: str, by: Actor) -> SubjectRequest:
    """Close with the reason that she is given in writing. Refuses without one."""
    row = _open(request_id)
    if not because.strip():
        raise ResultMissing
    row.refused_because = because.strip()[:500]
    return _close(row, RequestState.REFUSED, by)


@action
def take_back_request(request_id: int, *, by: Actor) -> SubjectRequest:
    """She thinks otherwise; asked before her own deletion is carried out."""
    return _close(_open(request_id), RequestState.TAKEN_BACK, by)


@action
def restrict_member(member_id: int, *, is_restricted: bool, by: Actor) -> bool:
    """Only keep her record, or use it again; False when it was so before (PIPL 44).

    Restricted, she matches no audience and gets nothing: `consent.may` says so everywhere.
    """
    member = Member.objects.select_for_update().get(pk=member_id)
    if (member.restricted_at is not None) == is_restricted:
        return False
    member.restricted_at = timezone.now() if is_restricted else None
    member.version += 1
    member.save(update_fields=["restricted_at", "version"])
    emit(
        "member_restricted" if is_restricted else "member_unrestricted",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
    )
    return True


def _open(request_id: int) -> SubjectRequest:
    row = SubjectRequest.objects.select_for_update().get(pk=request_id)
    if row.state in _CLOSED:
        raise RequestClosed
    return row


def _close(row: SubjectRequest, state: RequestState, by: Actor) -> SubjectRequest:
    moment: datetime = timezone.now()
    row.state, row.closed_at, row.closed_by = state, moment, str(by)
    row.save(update_fields=["state", "closed_at", "closed_by", "result", "refused_because"])
    emit(
        "subject_request_closed",
        subject=f"request:{shown_id(row.public_id)}",
        request=row.pk,
        state=str(state),
    )
    return row
