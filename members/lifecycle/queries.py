"""Reads of this room: today's cards, super users, who may not come back, what the pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from kit.actor import Scope
from members.identity.models import Member
from members.lifecycle.models import LifecycleRun, MemberStage, Stage
from members.lifecycle.models_of_today import Play, TodayPick
from members.lifecycle.rfm import segment_of
from members.lifecycle.rules import is_kept_out
from stores.org.models import Guide, Role

# How many names a list shows at once.
SHOWN: Final = 25
SUPER_USERS: Final = Q(rfm="555")
# The index `churn_risks_by_value` says the same.
CHURN_RISKS: Final = Q(p_alive__gte=0.1, p_alive__lt=0.5, frequency__gte=3)


def stage_of(member: Member | int) -> MemberStage | None:
    """Where she stands, with what it was measured with; None when nothing is computed of her."""
    key = member.pk if isinstance(member, Member) else member
    return MemberStage.objects.select_related("yardstick__rule").filter(pk=key).first()


def cards_of_today(guide: Guide, on: date) -> list[TodayPick]:
    """Her list of the day in its order, what is done among it."""
    found = TodayPick.objects.filter(guide=guide, on=on, for_manager=False)
    return list(found.select_related("member").order_by("rank", "pk"))


def passed_by(guide: Guide, scope: Scope, on: date) -> list[TodayPick]:
    """For a manager: members of her stores whom their guides passed by twice."""
    if guide.role == Role.GUIDE:
        return []
    found = TodayPick.objects.filter(on=on, for_manager=True, guide__store__in=scope.stores)
    return list(found.select_related("member", "guide").order_by("guide__name", "pk")[:SHOWN])


def super_users() -> QuerySet[MemberStage]:
    """The best in all three, the most valuable first; as far as the scope around us sees."""
    return _by_value(MemberStage.objects.filter(SUPER_USERS))


def churn_risks() -> QuerySet[MemberStage]:
    """Who came three times or more and may not come back, the most valuable first."""
    return _by_value(MemberStage.objects.filter(CHURN_RISKS))


def _by_value(found: QuerySet[MemberStage]) -> QuerySet[MemberStage]:
    return (
        found.exclude(value_minor=None)
        .select_related("member__home_store", "member__owner", "yardstick__rule")
        .order_by("-value_minor", "pk")
    )


@dataclass(frozen=True, slots=True)
class Flow:
    """How many went from one stage to another lately."""

    before: str
    stage: str
    count: int

    @property
    def words(self) -> str:
        return f"{Stage(self.before).label} → {Stage(self.stage).label}"


@dataclass(frozen=True, slots=True)
class Overview:
    """What the pictures show: members by stage, by R and F, and who moved."""

    stages: Sequence[tuple[str, str, int]]
    grid: Sequence[Sequence[int]]
    segments: Sequence[tuple[str, int]]
    flows: Sequence[Flow]
    on: date | None

    @property
    def people(self) -> int:
        return sum(count for _, _, count in self.stages)


def overview(scope: Scope, on: date) -> Overview:
    """From the last reckoning for who sees everything; counted now for who sees less."""
    run = LifecycleRun.objects.exclude(finished_at=None).order_by("-finished_at").first()
    if run is None:
        return _shown({}, None)
    if scope.everything and run.summary:
        return _shown(run.summary, run.on)
    return _shown(summarise(on), on)


def summarise(on: date) -> dict[str, Any]:
    """Counts as the scope around us meets them: one look at every row."""
    stages: dict[str, int] = {}
    scores: dict[str, int] = {}
    both = MemberStage.objects.values_list("stage", "rfm").annotate(n=Count("pk")).order_by()
    for stage, rfm, count in both:
        stages[stage] = stages.get(stage, 0) + count
        if rfm:
            scores[rfm] = scores.get(rfm, 0) + count
    flows = (
        MemberStage.objects.exclude(before="")
        .filter(since__gt=on - timedelta(days=7), since__lte=on)
        .values_list("before", "stage")
        .annotate(n=Count("pk"))
        .order_by("-n")
    )
    return {
        "stages": stages,
        "rfm": scores,
        "flows": [list(flow) for flow in flows],
    }


def _shown(summary: dict[str, Any], on: date | None) -> Overview:
    scores: dict[str, int] = summary.get("rfm", {})
    grid = [[0] * 5 for _ in range(5)]
    segments: dict[str, int] = {}
    for rfm, count in scores.items():
        grid[5 - int(rfm[0])][int(rfm[1]) - 1] += count
        name = segment_of(rfm)[1]
        segments[name] = segments.get(name, 0) + count
    return Overview(
        stages=[(s.value, str(s.label), summary.get("stages", {}).get(s.value, 0)) for s in Stage],
        grid=grid,
        segments=sorted(segments.items(), key=lambda item: -item[1]),
        flows=[Flow(*flow) for flow in summary.get("flows", [])],
        on=on,
    )


def members_of_play(play: Play, on: date) -> tuple[list[int], list[int]]:
    """(who takes part, who is kept out on purpose) today, by number."""
    found = MemberStage.objects.filter(
        stage__in=play.stages,
        since__gt=on - timedelta(days=play.entered_within_days),
        since__lte=on,
    ).order_by("pk")
    part: list[int] = []
    kept: list[int] = []
    for key in found.values_list("pk", flat=True).iterator(chunk_size=5000):
        out = is_kept_out(str(play.public_id), key, play.holdout_percent)
        (kept if out else part).append(key)
    return part, kept
