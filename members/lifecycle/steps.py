"""What other rooms' actions ask of this one: to forget a person, to move what is hers."""

from __future__ import annotations

from datetime import datetime

from kit.actions import must_be_in_action
from members.identity.models import Member
from members.lifecycle.models import MemberStage
from members.lifecycle.models_of_owners import AssignmentLine
from members.lifecycle.models_of_today import TodayPick


def forget_member(member: Member, at: datetime) -> None:
    """Nothing here outlives her: stage, cards of today, lines of assignments go. A step."""
    must_be_in_action()
    MemberStage.objects.filter(member=member).delete()
    TodayPick.objects.filter(member=member).delete()
    AssignmentLine.objects.filter(member=member).delete()


def stop_profiling(member_id: int) -> bool:
    """What was computed of her goes at once; False when there was nothing. A step."""
    must_be_in_action()
    gone, _ = MemberStage.objects.filter(pk=member_id).delete()
    # Cards that were picked by her stage say something about her too.
    TodayPick.objects.filter(member=member_id, outcome="").delete()
    return gone > 0
