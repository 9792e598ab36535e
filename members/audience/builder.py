"""The rule's field in HQ's form: what its script may offer, and its JSON read back."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from members.audience.queries import names_of
from members.audience.rules import TERMS, BrokenRule, check_rule
from stores.catalogue.models import Product
from stores.org.models import Region


def offered(
    *, of: str = "", without: Collection[str] = (), empty: str = "没有条件就是全部会员"
) -> dict[str, Any]:
    """Every term with its title and shape, and the codes that can be picked for it.

    `of` says what the rule is for, where it is not an audience: the live count tells its own then;
    `empty` says what no condition means.
    """
    names = names_of()
    live = reverse("admin:members_audience_live")
    categories = Product.objects.order_by("category").values_list("category", flat=True).distinct()
    return {
        "terms": [
            {"name": name, "title": term.title, "shape": term.shape.code}
            for name, term in TERMS.items()
            if name not in without
        ],
        "choices": {
            **{
                name: [{"value": value, "label": label} for value, label in names[name].items()]
                for name in ("tier", "stage", "tag", "store", "consent")
            },
            "region": [
                {"value": name, "label": name}
                for name in Region.objects.order_by("name").values_list("name", flat=True)
            ],
            "categories": [{"value": name, "label": name} for name in categories],
        },
        "searched": {
            "owner": reverse("admin:members_audience_guides"),
            "skus": reverse("admin:members_audience_goods"),
        },
        "live": f"{live}?of={of}" if of else live,
        "empty": empty,
    }


class RuleWidget(forms.Textarea):
    """A text field that its script turns into groups and chips; without script it stays JSON."""

    template_name = "admin/members/rule_widget.html"
    offered: dict[str, Any] | None = None

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        # Django renders widgets with an engine that does not know this project's templates.
        return render_to_string(template_name, context)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        names = names_of(_rule_in(value))
        context["offered"] = {
            **(self.offered or offered()),
            "named": {"owner": names["owner"]},
        }
        return context


class RuleField(forms.JSONField):
    """A rule; an empty text means everybody."""

    widget = RuleWidget

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("label", "条件")
        options.setdefault("initial", dict)
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value({} if value is None else value)

    def clean(self, value: Any) -> Any:
        rule = super().clean(value) or {}
        try:
            check_rule(rule)
        except BrokenRule as fault:
            raise forms.ValidationError(str(fault)) from fault
        return rule


def field_of_tags() -> RuleField:
    """The rule of a tag: tags themselves are no term of it, or they would change one another."""
    field = RuleField()
    field.widget.offered = offered(of="tag", without=("tag",), empty="没有条件，就只由导购来打")
    return field


def _rule_in(value: Any) -> dict[str, Any] | None:
    """The rule that a form shows, if it is one."""
    try:
        rule = json.loads(value) if isinstance(value, str) else value
        check_rule(rule)
    except (BrokenRule, ValueError):
        return None
    return dict(rule)
