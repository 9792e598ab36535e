"""业绩申诉 on the iPad: say that a receipt is hers, answer, decide, read how it ended."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import EVERYTHING, Actor
from stores.disputes import actions
from stores.disputes.access import dispute_for, others_in, party_of
from stores.disputes.errors import (
    NotForYou,
    NotHers,
    NothingToDispute,
    NotOpen,
    NoWords,
    OpenAlready,
    TooOld,
)
from stores.disputes.models import Dispute, DisputeReason
from stores.disputes.queries import claimable, disputes_of, is_for, touches_behind, waiting_for
from stores.disputes.rules import PERCENTS
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next

_MOST: Final = 100
_REFUSALS = (NotForYou, NotHers, NothingToDispute, NotOpen, NoWords, OpenAlready, TooOld)


@require_safe
@guide_page
def disputes(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Hers, and above them for a manager those that wait for her."""
    with scope_of(actor):
        waiting = waiting_for(guide, actor.scope)
        keys = {dispute.pk for dispute in waiting}
        rest = [dispute for dispute in disputes_of(guide)[:_MOST] if dispute.pk not in keys]
        context = {"waiting": waiting, "rest": rest, "me": guide}
        return render(request, "disputes/disputes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def begin(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Find the receipt by its number, choose the evidence, say why."""
    asked = request.POST if request.method == "POST" else request.GET
    receipt_no = asked.get("receipt_no", "").strip()[:80]
    wrong = ""
    if request.method == "POST":
        try:
            made = actions.open_dispute(
                guide,
                receipt_no,
                reason=_reason(asked.get("reason", "")),
                text=asked.get("text", ""),
                touches=_numbers(request.POST.getlist("touch")),
                now=timezone.now(),
                by=_meeting_every_receipt(actor),
            )  # fmt: skip
        except _REFUSALS as error:
            wrong = str(error.__doc__)
        else:
            toast_next(request, "申诉提出了，结果会出现在今日页。")
            return redirect("tablet-dispute", made.public_id)
    with scope_of(_meeting_every_receipt(actor)):
        found = claimable(guide, receipt_no) if receipt_no else None
    context = {
        "receipt_no": receipt_no,
        "found": found,
        "wrong": wrong or (str(NotHers.__doc__) if receipt_no and found is None else ""),
        "reasons": DisputeReason.choices,
        "chosen": set(request.POST.getlist("touch")),
        "reason": asked.get("reason", ""),
        "text": asked.get("text", "")[:1000],
    }
    return render(request, "disputes/begin.html", context, status=422 if wrong else 200)


@require_safe
@guide_page
def dispute(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """One dispute: both sides, the evidence, what she can do about it, and how it ended."""
    with scope_of(actor):
        found = dispute_for(guide, public_id)
    # Who is concerned reads what all concerned say, beyond her own row.
    with scope_of(_meeting_every_receipt(actor)):
        others = others_in(found)
    with scope_of(actor):
        mine = party_of(guide, found)
        context = {
            "dispute": found,
            "mine": mine,
            "others": others,
            "touches": touches_behind(found),
            "is_claimant": found.claimant_id == guide.pk,
            "may_decide": found.is_open and is_for(actor.scope, guide, found),
            "is_late": found.is_open and found.due_at < timezone.now(),
            "sees_receipt": bool(mine and not mine.is_claimant) or bool(found.percent),
            "percents": PERCENTS,
        }
        page = render(request, "disputes/dispute.html", context)
    if mine is not None and mine.seen_at is None and not found.is_open:
        actions.mark_seen(found, guide=guide, now=timezone.now(), by=actor)
    return page


@require_POST
@guide_page
def answer(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Her side of it."""
    return _do(
        request, guide, actor, public_id,
        lambda found: actions.answer_dispute(
            found, guide=guide, text=request.POST.get("text", ""), now=timezone.now(), by=actor
        ),
        "答复记下了，裁定的人看得到。",
    )  # fmt: skip


@require_POST
@guide_page
def withdraw(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """She takes it back."""
    return _do(
        request, guide, actor, public_id,
        lambda found: actions.withdraw_dispute(found, guide=guide, now=timezone.now(), by=actor),
        "申诉撤回了。",
    )  # fmt: skip


@require_POST
@guide_page
def decide(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """The manager's decision."""
    said = request.POST.get("percent", "")
    percent = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else -1
    return _do(
        request, guide, actor, public_id,
        lambda found: bool(
            actions.decide_dispute(
                found, percent=percent, verdict=request.POST.get("text", ""), judge=guide,
                name=guide.name, now=timezone.now(), by=actor,
            )
        ),
        "裁定好了，双方都会看到。",
    )  # fmt: skip


def _do(
    request: HttpRequest,
    guide: Guide,
    actor: Actor,
    public_id: uuid.UUID,
    act: Callable[[Dispute], bool],
    done: str,
) -> HttpResponse:
    with scope_of(actor):
        found = dispute_for(guide, public_id)
    try:
        if not act(found):
            done = str(NotForYou.__doc__)
    except _REFUSALS as error:
        done = str(error.__doc__)
    toast_next(request, done)
    return redirect("tablet-dispute", public_id)


def _meeting_every_receipt(actor: Actor) -> Actor:
    """She may be wrong about whose it is: the receipt is looked for beyond her own scope."""
    return replace(actor, scope=EVERYTHING, reason="dispute")


def _reason(said: str) -> DisputeReason:
    return DisputeReason(said) if said in DisputeReason.values else DisputeReason.SERVED


def _numbers(said: list[str]) -> list[int]:
    return [int(one) for one in said if one.isascii() and one.isdigit() and len(one) < 19]
