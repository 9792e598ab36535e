"""The customers' part of a hand-over: a preview before the decision, progress after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from kit.fields import shown_id
from members.handover.actions import PART
from members.handover.models import NOT_POSSIBLE, TURNED_DOWN, UNDER_WAY, TransferState
from members.handover.queries import (
    Plan,
    full_lately,
    portions_of,
    progress_of,
    shares_of,
    sorted_out,
)
from members.handover.rules import AT_ONCE, Case, batches
from stores.org.models import Guide, HandOver, HandOverState
from stores.org.parts import Count, Part, Tone

_TITLE, _UNIT = "客户", "位"
_KEPT: Mapping[str, tuple[str, Tone, str]] = {
    "along": ("随她走", "", "继续由她服务，企业微信里什么也不变。"),
    "limit": ("转不了：次数已满", "warn", "90 天内已转接过 2 次，企业微信不再接受。"),
    "under_way": ("转不了：正在转接", "warn", "另一次转接还没有结果，有了结果才能再转。"),
    "stopped": ("停止时还没提交", "", "仍是原导购的客户。"),
    "": ("不转接", "", ""),
}
_STATES: Sequence[tuple[str, Tone, str]] = (
    (TransferState.DONE, "good", "已经是接手人的客户。"),
    (TransferState.WAITING, "main", "客户不拒绝，24 小时后自动生效。"),
    (TransferState.ASKED, "main", "排队提交给企业微信，每次最多 100 位。"),
    (TransferState.PLANNED, "", "马上轮到。"),
    (TransferState.REFUSED, "bad", "她们选择留在原导购那里。"),
    (TransferState.FULL, "bad", "接手的人加不了更多企微客户，请另选一位。"),
    (TransferState.FAILED, "bad", "企业微信没有接受，原因在名单里。"),
)


def customers(actor: Actor, handover: HandOver) -> Part:
    """How many pass on to whom, who cannot and why, how far it is.

    Whoever decides about the hand-over has been let in by its door. The sight of rows is the
    scope's around us.
    """
    del actor
    if handover.is_leave:
        return Part(key=PART, title=_TITLE, unit=_UNIT, total=0)
    now = timezone.now()
    if handover.state in (HandOverState.PROPOSED, HandOverState.DROPPED):
        return _preview(handover, now)
    return _progress(handover)


def _preview(handover: HandOver, now: datetime) -> Part:
    plan = sorted_out(handover, at=now)
    passing = [case for case in plan.cases if plan.kept.get(case.key, "gone") == "gone"]
    at_wecom = [case for case in passing if case.is_friend and case.key not in plan.kept]
    counts = [
        Count("在企业微信里转接", len(at_wecom), "main", "客户会收到通知，可以拒绝。"),
        Count(
            "只换专属导购", len(passing) - len(at_wecom), "good", "没加企业微信，决定后马上生效。"
        ),
    ]
    reasons = Counter(word for word in plan.kept.values() if word != "gone")
    counts += [_kept(word, number) for word, number in reasons.items()]
    portions = Counter(plan.given.values())
    names = {share.successor_id: share.successor.name for share in handover.shares.all()}
    return Part(
        key=PART,
        title=_TITLE,
        unit=_UNIT,
        total=len(plan.cases),
        counts=[count for count in counts if count.number],
        portions=[(names[guide], number) for guide, number in portions.most_common()],
        notes=[*_quota(plan, at_wecom), *_who_is_full(handover, now)],
        tablet=_tablet(handover),
        hq=_hq(handover),
    )


def _quota(plan: Plan, at_wecom: Sequence[Case]) -> list[str]:
    """What WeCom's limits mean for these, and how long it takes."""
    if not at_wecom:
        return []
    per_guide = Counter(plan.given.get(case.key, 0) for case in at_wecom)
    calls = sum(batches(number) for number in per_guide.values())
    notes = [
        f"分 {calls} 次提交给企业微信（每次最多 {AT_ONCE} 位），几分钟内提交完；"
        "客户不拒绝的话，24 小时后生效。"
    ]
    known = sum(plan.given.get(case.key) in case.friend_of for case in at_wecom)
    if known:
        notes.append(f"{known} 位已经是接手人的好友，优先归他。")
    again = sum(case.recent > 0 for case in at_wecom)
    if again:
        notes.append(f"{again} 位 90 天内转接过 1 次：这次之后，到期前不能再转。")
    return notes


def _who_is_full(handover: HandOver, now: datetime) -> list[str]:
    full = full_lately([share.guide for share in shares_of(handover)], at=now)
    names = dict(Guide.objects.filter(pk__in=full).values_list("pk", "name")) if full else {}
    return [
        f"{names[guide]}的企微客户在 {at.month} 月 {at.day} 日已满，转给他可能不成功，"
        "最好另选一位。"
        for guide, at in full.items()
    ]


def _progress(handover: HandOver) -> Part:
    rows = progress_of(handover)
    states: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    undecided = 0
    for (state, because, word), number in rows.items():
        if word:
            settled[word] += number
        elif state == TransferState.KEPT:
            kept[because] += number
            undecided += number if because in NOT_POSSIBLE else 0
        else:
            states[state] += number
            undecided += number if state in TURNED_DOWN else 0
    counts = [
        Count(TransferState(state).label, states[state], tone, why)
        for state, tone, why in _STATES
        if states[state]
    ]
    counts += [
        Count(word, number, "", "")
        for key, word in (("owner_only", "只换了专属导购"), ("kept", "留给原导购"))
        if (number := settled[key])
    ]
    counts += [_kept(because, number) for because, number in kept.items()]
    return Part(
        key=PART,
        title=_TITLE,
        unit=_UNIT,
        total=sum(rows.values()),
        counts=counts,
        portions=portions_of(handover),
        under_way=sum(states[state] for state in UNDER_WAY),
        undecided=undecided,
        tablet=_tablet(handover),
        hq=_hq(handover),
    )


def _kept(because: str, number: int) -> Count:
    word, tone, why = _KEPT.get(because, _KEPT[""])
    return Count(word, number, tone, why)


def _tablet(handover: HandOver) -> str:
    """Where the names behind the counts stand on the iPad."""
    return reverse("tablet-handover-customers", args=[shown_id(handover.public_id)])


def _hq(handover: HandOver) -> str:
    """The same for HQ."""
    return reverse("admin:stores_handover_customers", args=[handover.pk])
