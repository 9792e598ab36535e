"""What both doors of a hand-over's groups share: the list, and what becomes of the refused."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Value, When
from django.http import Http404
from django.utils import timezone

from groups.chats.handover import ask_again_for_groups, leave_groups, plan_of
from groups.chats.models import GroupTransfer, GroupTransferState
from kit.actor import Actor
from stores.org.models import HandOver, HandOverState

_MOST = 300
_REFUSED_FIRST = Case(When(state=GroupTransferState.FAILED, then=Value(0)), default=Value(1))


def group_list_of(handover: HandOver) -> dict[str, Any]:
    """Before the decision who is to own which group, then who does. Inside `scope_of(actor)`."""
    if handover.state in (HandOverState.PROPOSED, HandOverState.DROPPED):
        plan = plan_of(handover, at=timezone.now())
        names = {share.successor_id: share.successor.name for share in handover.shares.all()}
        planned = [
            (group, names.get(plan.given.get(pk, 0), ""), plan.kept.get(pk, ""))
            for pk, group in plan.groups.items()
        ]
        return {"planned": planned[:_MOST], "rows": [], "undecided": 0}
    rows = list(
        GroupTransfer.objects.filter(hand_over=handover)
        .exclude(is_settled=True, state=GroupTransferState.FAILED)
        .select_related("group", "to_guide", "from_guide")
        .order_by(_REFUSED_FIRST, "pk")[:_MOST]
    )
    undecided = sum(row.state == GroupTransferState.FAILED for row in rows)
    return {"planned": [], "rows": rows, "undecided": undecided}


def settle_groups(handover: HandOver, post: Any, *, by: Actor) -> str:
    """Do what the form of the refused groups says, for the ticked ones or all; the word for it."""
    ticked = [int(key) for key in post.getlist("row") if key.isdecimal()]
    to, act = post.get("to", ""), post.get("act", "")
    if act == "again":
        done = ask_again_for_groups(
            handover.pk, ticked or None, to_guide_id=int(to) if to.isdecimal() else 0, by=by
        )
        return f"{done} 个群重新提交了。"
    if act == "keep":
        return f"{leave_groups(handover.pk, ticked or None, by=by)} 个群留给原群主。"
    raise Http404
