"""The form with which HQ begins a hand-over: who, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from kit.actor import Scope
from stores.org.models import Guide, HandOverReason


class BeginForm(forms.Form):
    """A working guide in sight, or one who left; and the reason."""

    guide = forms.ModelChoiceField(
        label="谁的客户要交接", queryset=Guide.objects.none(), widget=UnfoldAdminSelectWidget
    )
    reason = forms.ChoiceField(
        label="为什么",
        choices=HandOverReason.choices,
        widget=UnfoldAdminRadioSelectWidget,
        initial=HandOverReason.LEFT,
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Guide.objects.select_related("store").order_by("store__code", "employee_no")
        if not scope.everything:
            found = found.filter(store__in=scope.stores)
        self.fields["guide"].queryset = found  # type: ignore[attr-defined]
