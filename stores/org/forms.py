"""Forms of HQ's screens about places and people: what is typed, in words one can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from stores.org.keys import SCOPES
from stores.org.models import Guide, MachineKey, OpeningHours, Store
from stores.org.rules import fault_of_pin

if TYPE_CHECKING:
    _GuideForm = forms.ModelForm[Guide]
    _HoursForm = forms.ModelForm[OpeningHours]
    _KeyForm = forms.ModelForm[MachineKey]
    _StoreForm = forms.ModelForm[Store]
else:
    _GuideForm = _HoursForm = _KeyForm = _StoreForm = forms.ModelForm

_WEEKDAYS = [("", "每天"), *((str(i), f"星期{day}") for i, day in enumerate("一二三四五六日"))]


class FileInput(forms.FileInput):
    """A browser's own choice of a file.

    unfold writes the name of a chosen file into the first text field three steps up: it finds the
    one that stands here, and not somebody's field or none.
    """

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        chooser = super().render(*args, **kwargs)
        return format_html(
            '<span><input type="text" hidden disabled><span><span>{}</span></span></span>', chooser
        )


class GuideForm(_GuideForm):
    """A guide, with a field that sets a new PIN and never shows the old one."""

    new_pin = forms.CharField(
        label="新 PIN",
        required=False,
        max_length=6,
        widget=UnfoldAdminPasswordWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="6 位数字，不填就不改。保存后看不到原文，忘了就重设一个。",
    )

    class Meta:
        model = Guide
        fields = (
            "employee_no",
            "name",
            "store",
            "role",
            "wecom_userid",
            "thumb_side",
            "joined_on",
            "left_on",
        )

    def clean_new_pin(self) -> str:
        pin: str = self.cleaned_data["new_pin"]
        fault = fault_of_pin(pin) if pin else ""
        if fault:
            raise ValidationError(fault)
        return pin

    def clean_wecom_userid(self) -> str | None:
        userid: str | None = self.cleaned_data["wecom_userid"]
        return userid.strip().lower() if userid else None


class StoreForm(_StoreForm):
    """A store, whose clock has to be one that there is: every figure of the house asks it."""

    class Meta:
        model = Store
        fields = "__all__"

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError("没有这个时区，请写成 Asia/Shanghai 这样。")
        return zone


class OpeningHoursForm(_HoursForm):
    """Hours of one weekday or of each day; without times the store is closed."""

    weekday = forms.TypedChoiceField(
        label="星期",
        choices=_WEEKDAYS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = OpeningHours
        fields = ("weekday", "since", "until", "opens_at", "closes_at", "note")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (found.get("opens_at") is None) != (found.get("closes_at") is None):
            raise ValidationError("开门和关门时间要么都填，要么都不填（不填表示不营业）。")
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            raise ValidationError("“至”不能早于“自”。")
        return found


class MachineKeyForm(_KeyForm):
    """A machine's key: what it may do is ticked, not typed."""

    scopes = forms.MultipleChoiceField(
        label="它可以做什么",
        choices=SCOPES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "至少选一项，否则这把密钥什么也做不了。"},
    )
    source = forms.SlugField(
        label="来源代号",
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="写进它报来的每张小票，例如 till-guomao；以后不要改。",
    )

    class Meta:
        model = MachineKey
        fields = ("name", "source", "scopes", "store", "is_active")
