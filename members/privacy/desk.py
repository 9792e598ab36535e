"""Doors that carry a request out: they call the actions of the rooms one after another.

Each is safe to repeat: what was done is found done. Copies leave with a line in the register.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from json import dumps
from typing import Any, Final

from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from members.consent.actions import decide, leave_membership
from members.consent.models import ConsentState, Method, Purpose
from members.identity.access import actor_of_entity
from members.identity.models import Member
from members.privacy.actions import disclose
from members.privacy.answering import answer_request, restrict_member
from members.privacy.copies import Part, document_of, parts_of
from members.privacy.erasing import erase_member
from members.privacy.errors import IdentityUnchecked, NotPortable
from members.privacy.models import RequestKind, RequestState, SubjectRequest
from members.privacy.rules import THINK_AGAIN, Portability, unmet_conditions

ERASES: Final = {RequestKind.DELETE, RequestKind.CLOSE}
# What others wrote about her, or what names others, does not travel to another processor.
_STAYS_HERE: Final = frozenset(
    {"members.accesslog", "members.disclosure", "members.subjectrequest", "stores.credit",
     "stores.ownership", "members.customertransfer", "members.suggestion", "bot.draft"}
)  # fmt: skip


def parts_about(member: Member) -> list[Part]:
    """Everything of her, seen by the product within her legal entity, for a copy."""
    sight = actor_of_entity(member.entity_id, reason="a copy of one person's data")
    with scope_of(replace(sight, scope=replace(sight.scope, member=member.pk))):
        return parts_of(member)


def copy_document(member: Member, *, by: Actor, what: str = "own_copy") -> dict[str, Any]:
    """Her copy as plain data, with the line in the register that it left the house."""
    parts = parts_about(member)
    document = document_of(member, parts, at=timezone.now())
    disclose(
        what=what,
        recipient="本人",
        purpose="查询、复制本人的个人信息（个保法第四十五条）",
        fields=_named(parts),
        count=1,
        members=[member.pk],
        by=by,
    )
    return document


def download_copy(request: SubjectRequest, *, by: Actor) -> bytes:
    """The copy that head office hands over, once her identity is checked."""
    member = _served(request)
    return dumps(copy_document(member, by=by, what="copy_by_hq"), ensure_ascii=False).encode()


def transfer(
    request: SubjectRequest, *, to: str, terms: Portability, country: str = "CN", by: Actor
) -> bytes:
    """Her data for another processor, if the four conditions of 网数条例 25 hold: NotPortable else.

    Only what she gave or what came of the contract; what names others stays here.
    """
    member = _served(request)
    unmet = unmet_conditions(terms, has_recipient=bool(to.strip()), is_checked=True)
    if unmet:
        raise NotPortable("不满足转移的条件：" + "；".join(unmet))
    parts = [one for one in parts_about(member) if one.table not in _STAYS_HERE]
    disclose(
        what="transfer_elsewhere",
        recipient=to.strip()[:120],
        purpose="按本人要求转移（个保法第四十五条）",
        fields=_named(parts),
        count=1,
        members=[member.pk],
        country=country,
        by=by,
    )
    return dumps(document_of(member, parts, at=timezone.now()), ensure_ascii=False).encode()


def carry_out(request: SubjectRequest, *, by: Actor) -> str:
    """Do what she asked where a program can; what was done, for the answer. Then close it so."""
    member = _served(request)
    said = _DEEDS[RequestKind(request.kind)](member, by)
    answer_request(request.pk, result=said, by=by)
    return said


def can_carry_out(kind: str) -> bool:
    """Whether a program does it; the rest wants a person's words."""
    return kind in _DEEDS


def _erase(member: Member, by: Actor) -> str:
    leave_membership(member.pk, by=by)
    erase_member(member.pk, why="本人要求", by=Actor.system(f"erasure asked for, by {by}"))
    return "已删除：能认出您的信息都已删去；依法要留的订单只剩序号，不再指向您。"


def _restrict(member: Member, by: Actor) -> str:
    restrict_member(member.pk, is_restricted=True, by=by)
    return "已限制处理：只保存，不再用于任何其他用途。"


def _withdraw(member: Member, by: Actor) -> str:
    with scope_of(by):
        held = ConsentState.objects.filter(member=member, is_granted=True)
        purposes = set(held.exclude(purpose=Purpose.MEMBERSHIP).values_list("purpose", "channel"))
    for channel in {channel for _, channel in purposes}:
        wanted = {purpose: False for purpose, its in purposes if its == channel}
        decide(member.pk, wanted, channel=channel, method=Method.HQ, by=by)
    return "已撤回全部可选授权，排队中的消息也不再发出。"


_DEEDS: Final = {
    RequestKind.DELETE: _erase,
    RequestKind.CLOSE: _erase,
    RequestKind.RESTRICT: _restrict,
    RequestKind.WITHDRAW: _withdraw,
}


def carry_out_waiting(*, at: datetime, by: Actor, most: int = 200) -> int:
    """Deletions that members asked for on their own page, a night later; how many."""
    with scope_of(by):
        rows = list(
            SubjectRequest.objects.filter(
                kind__in=ERASES,
                state=RequestState.CHECKED,
                checked_how="own_page",
                opened_at__lt=at - THINK_AGAIN,
            ).order_by("due_at")[:most]
        )
    for row in rows:
        carry_out(row, by=by)
    return len(rows)


def _served(request: SubjectRequest) -> Member:
    """The member of a request whose identity is checked."""
    if request.state != RequestState.CHECKED or request.member is None:
        raise IdentityUnchecked
    return request.member


def _named(parts: list[Part]) -> list[str]:
    return [one.table for one in parts]
