"""What this room keeps of a person, for her copy: how she is judged, and why."""

from __future__ import annotations

from collections.abc import Sequence

from members.identity.models import Member
from members.lifecycle.models import MemberStage
from members.lifecycle.models_of_owners import AssignmentLine
from members.lifecycle.models_of_today import TodayPick
from members.privacy.copies import Part, part


def of_member(member: Member) -> Sequence[Part]:
    """Her stage with its reason, the days on which she stood on a list, planned assignments."""
    stages = MemberStage.objects.filter(member=member).select_related("yardstick__rule")
    held = part(stages)
    rows = [{**row, "because": one.because} for row, one in zip(held.rows, stages, strict=True)]
    return [
        Part(held.table, held.title, rows),
        part(TodayPick.objects.filter(member=member), also="on"),
        part(AssignmentLine.objects.filter(member=member), also="because done_at"),
    ]
