"""The groups' part of a hand-over: a preview before the decision, progress after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db.models import Count as CountRows
from django.urls import reverse
from django.utils import timezone

from groups.chats.handover import PART, plan_of
from groups.chats.models import GroupTransfer, GroupTransferState
from groups.chats.rules import GROUPS_PER_DAY
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import HandOver, HandOverState
from stores.org.parts import Count, Part, Tone

_TITLE, _UNIT = "客户群", "个"
_STATES: Sequence[tuple[str, Tone, str]] = (
    (GroupTransferState.DONE, "good", "企业微信的群资料里已经是新群主。"),
    (GroupTransferState.WAITING, "main", "企业微信已收下，等群资料更新。"),
    (GroupTransferState.ASKED, "main", "排队提交给企业微信。"),
    (GroupTransferState.FAILED, "bad", "企业微信没有接受，原因在名单里。"),
    (GroupTransferState.KEPT, "", "仍由原群主管理。"),
)


def groups(actor: Actor, handover: HandOver) -> Part:
    """How many groups get which owner, which cannot and why, how far it is."""
    del actor  # its door has let her in; the scope around us decides about rows
    if handover.is_leave:
        return Part(key=PART, title=_TITLE, unit=_UNIT, total=0)
    if handover.state in (HandOverState.PROPOSED, HandOverState.DROPPED):
        return _preview(handover)
    return _progress(handover)


def _preview(handover: HandOver) -> Part:
    plan = plan_of(handover, at=timezone.now())
    moving = len(plan.groups) - len(plan.kept)
    counts = [Count("换群主", moving, "main", "群成员不变，聊天记录不变。")] if moving else []
    counts += [
        Count(f"转不了：{why}", number, "warn", "到期前仍由原群主管理。")
        for why, number in Counter(plan.kept.values()).items()
    ]
    names = {share.successor_id: share.successor.name for share in handover.shares.all()}
    days = -(-moving // GROUPS_PER_DAY)
    notes = []
    if moving:
        notes.append(
            f"企业微信每天最多转 {GROUPS_PER_DAY} 个群，分 {days} 天转完。"
            if days > 1
            else "提交后几分钟内生效，群里会看到群主变更。"
        )
    return Part(
        key=PART,
        title=_TITLE,
        unit=_UNIT,
        total=len(plan.groups),
        counts=counts,
        portions=[
            (names[guide], number) for guide, number in Counter(plan.given.values()).most_common()
        ],
        notes=notes,
        tablet=_tablet(handover),
        hq=_hq(handover),
    )


def _progress(handover: HandOver) -> Part:
    standing = GroupTransfer.objects.filter(hand_over=handover).exclude(
        is_settled=True, state=GroupTransferState.FAILED
    )
    rows = standing.values_list("state", "to_guide__name").annotate(n=CountRows("pk")).order_by()
    states: Counter[str] = Counter()
    portions: Counter[str] = Counter()
    for state, name, number in rows:
        states[state] += number
        if name and state != GroupTransferState.KEPT:
            portions[name] += number
    return Part(
        key=PART,
        title=_TITLE,
        unit=_UNIT,
        total=sum(states.values()),
        counts=[
            Count(GroupTransferState(state).label, states[state], tone, why)
            for state, tone, why in _STATES
            if states[state]
        ],
        portions=portions.most_common(),
        under_way=states[GroupTransferState.ASKED] + states[GroupTransferState.WAITING],
        undecided=states[GroupTransferState.FAILED],
        tablet=_tablet(handover),
        hq=_hq(handover),
    )


def _tablet(handover: HandOver) -> str:
    """Where the names behind the counts stand on the iPad."""
    return reverse("tablet-handover-groups", args=[shown_id(handover.public_id)])


def _hq(handover: HandOver) -> str:
    """The same for HQ."""
    return reverse("admin:groups_grouptransfer_of", args=[handover.pk])
