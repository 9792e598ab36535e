"""Today's list on the iPad: whom to greet, why, and one tap for what came of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.models import Member
from members.identity.queries import called
from members.identity.rules import face_of, tone_of
from members.lifecycle.actions import record_outcome
from members.lifecycle.errors import LifecycleError
from members.lifecycle.models import MemberStage
from members.lifecycle.models_of_today import Outcome, TodayPick
from members.lifecycle.queries import SHOWN, cards_of_today, churn_risks, passed_by, super_users
from members.lifecycle.rfm import segment_of
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next


@dataclass(frozen=True, slots=True)
class Row:
    """One member on a list: her face, why she stands here, her stage."""

    member: Member
    name: str
    face: str
    tone: str
    reasons: tuple[str, ...]
    stage: MemberStage | None = None
    pick: TodayPick | None = None

    @property
    def worth(self) -> int | None:
        """What she may spend within a year, as roughly as it is known; None when nobody can say."""
        value = self.stage.value_minor if self.stage else None
        return None if value is None else round(value, -4 if value >= 1_000_000 else -3)

    @property
    def segment(self) -> str:
        return segment_of(self.stage.rfm)[1] if self.stage and self.stage.rfm else ""


@require_safe
@guide_page
def greet(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Her fifteen of today; for a manager also whom her guides passed by."""
    on = timezone.localdate()
    with scope_of(actor):
        hers = cards_of_today(guide, on)
        left = passed_by(guide, actor.scope, on)
        stages = MemberStage.objects.in_bulk([pick.member_id for pick in [*hers, *left]])
        rows = [_row_of(pick, stages) for pick in hers]
        others = [_row_of(pick, stages) for pick in left]
    context = {
        "rows": rows,
        "others": others,
        "done": sum(1 for pick in hers if pick.outcome),
        "outcomes": [(o.value, o.label) for o in Outcome if o != Outcome.NEVER],
        "never": Outcome.NEVER,
    }
    return render(request, "lifecycle/greet.html", context)


@require_POST
@guide_page
def outcome(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Write down what came of a card. Another guide's card does not exist for her."""
    wanted = request.POST.get("outcome", "")
    with scope_of(actor):
        pick = TodayPick.objects.filter(public_id=public_id).first()
        is_hers = pick is not None and (
            pick.guide_id == guide.pk or pick in passed_by(guide, actor.scope, pick.on)
        )
    if pick is None or not is_hers:
        raise Http404
    if wanted not in Outcome.values:
        toast_next(request, "没有认出这个结果，请再点一次。")
        return redirect("tablet-greet")
    try:
        record_outcome(pick.pk, wanted, guide=guide, by=actor)
    except LifecycleError as refusal:
        toast_next(request, str(refusal))
    else:
        toast_next(request, _said(wanted))
    return redirect("tablet-greet")


@require_safe
@guide_page
def standing(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The best customers in her sight, and who of them may not come back."""
    with scope_of(actor):
        best = [_row(found) for found in super_users()[:SHOWN]]
        leaving = [_row(found) for found in churn_risks()[:SHOWN]]
    return render(request, "lifecycle/standing.html", {"best": best, "leaving": leaving})


def _said(outcome: str) -> str:
    if outcome == Outcome.NEVER:
        return "记下了，以后不再给她发一对一消息。"
    return f"记下了：{Outcome(outcome).label}。"


def _row_of(pick: TodayPick, stages: dict[int, MemberStage]) -> Row:
    name = called(pick.member)
    return Row(
        pick.member,
        name,
        face_of(name),
        tone_of(pick.member_id),
        tuple(reason["text"] for reason in pick.reasons),
        stages.get(pick.member_id),
        pick,
    )


def _row(found: MemberStage) -> Row:
    name = called(found.member)
    return Row(found.member, name, face_of(name), tone_of(found.pk), tuple(found.because), found)
