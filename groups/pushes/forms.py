"""HQ's form of a push: what fits together is said while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from groups.content.models import Material
from groups.pushes.models import ChatType, Push

if TYPE_CHECKING:
    _PushForm = forms.ModelForm[Push]
else:
    _PushForm = forms.ModelForm


class PushForm(_PushForm):
    """Which material, to whom, when."""

    class Meta:
        model = Push
        fields = ("name", "material", "chat_type", "audience", "planned_for", "holdout_percent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "material" in self.fields:
            materials: Any = self.fields["material"]
            usable = Material.objects.usable(timezone.now())
            kept = Material.objects.filter(pk=self.instance.material_id or 0)
            materials.queryset = (usable | kept).distinct()
            materials.help_text = "只列出已审核、没过期的素材。"

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        to_groups = found.get("chat_type") == ChatType.GROUP
        if to_groups and found.get("audience"):
            self.add_error("audience", "发到客户群时不选人群：群消息不能单独略过某位会员。")
        if not to_groups and "chat_type" in found and not found.get("audience"):
            self.add_error("audience", "请选一个人群。")
        return found
