"""What people write into the form of an incident, and what its columns hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from kit.fields import read_id, shown_id
from stores.org.models import Account

_KIND = "account:"


class Yuan(forms.DecimalField):
    """An amount as people write it; the column holds minor units."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decimal_places=2, widget=UnfoldAdminDecimalFieldWidget(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / 100 if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        said = super().clean(value)
        return int((said or Decimal(0)) * 100)


class WhoseAccount(forms.CharField):
    """An account by the name it signs in with; the column holds how the logs name it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=UnfoldAdminTextInputWidget(),
            help_text="登录名或工号，如 G001；据此从查看记录里找出涉及的会员",
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(_KIND):
            found = Account.objects.filter(public_id=read_id(value.removeprefix(_KIND))).first()
            return value if found is None else found.username
        return value

    def clean(self, value: Any) -> str:
        said = str(super().clean(value)).strip()
        if not said or said.startswith(_KIND):
            return said
        found = Account.objects.filter(username=said).first()
        if found is None:
            raise ValidationError("没有这个账号。请填登录名或工号。")
        return f"{_KIND}{shown_id(found.public_id)}"
