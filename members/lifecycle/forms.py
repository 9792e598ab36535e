"""HQ's forms of this room: what is kept as lists of words is chosen, not typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from members.lifecycle.models import Stage
from members.lifecycle.models_of_owners import AssignmentPlan
from members.lifecycle.models_of_today import Play
from members.lifecycle.owners import MOST_PER_GUIDE, WAYS
from members.lifecycle.rules import STOPS

if TYPE_CHECKING:
    _PlayForm = forms.ModelForm[Play]
    _PlanForm = forms.ModelForm[AssignmentPlan]
else:
    _PlayForm = _PlanForm = forms.ModelForm


class PlayForm(_PlayForm):
    """Stages and what ends a play are ticked."""

    stages = forms.MultipleChoiceField(
        label="阶段", choices=Stage.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    stops = forms.MultipleChoiceField(
        label="何时停止",
        choices=list(STOPS.items()),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="对某一位会员，出现其中任何一种就停。",
    )

    class Meta:
        model = Play
        fields = (
            "kind", "name", "stages", "entered_within_days", "holdout_percent", "stops",
            "runs_for_days", "talk", "is_active",
        )  # fmt: skip


class AssignmentForm(_PlanForm):
    """Which ways are tried, in the order they stand, and how many a guide takes at most."""

    ways = forms.MultipleChoiceField(
        label="怎么分",
        choices=list(WAYS.items()),
        initial=list(WAYS),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="从上到下试，前一种找不到人才用后一种。",
    )
    most_per_guide = forms.IntegerField(
        label="每位导购最多（位会员）",
        initial=3000,
        min_value=1,
        max_value=MOST_PER_GUIDE,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = AssignmentPlan
        fields = ()

    def rule(self) -> dict[str, Any]:
        """What was chosen, as `owners.preview_assignment` reads it."""
        return {
            "ways": [way for way in WAYS if way in self.cleaned_data["ways"]],
            "most_per_guide": self.cleaned_data["most_per_guide"],
        }
