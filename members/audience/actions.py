"""Saving an audience."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.audience.models import Audience
from members.audience.rules import check_rule


@action
def save_audience(
    audience_id: int | None, *, name: str, rule: dict[str, Any], by: Actor
) -> Audience:
    """Make an audience or change one; a changed rule is a new version. Raises BrokenRule."""
    check_rule(rule)
    if audience_id is None:
        audience, is_new = Audience.objects.get_or_create(name=name, defaults={"rule": rule})
        if is_new or audience.rule == rule:
            return audience
    else:
        audience = Audience.objects.get(pk=audience_id)
    audience = Audience.objects.select_for_update().get(pk=audience.pk)
    if (audience.name, audience.rule) == (name, rule):
        return audience
    if audience.rule != rule:
        audience.version += 1
    audience.name, audience.rule, audience.changed_at = name, rule, timezone.now()
    audience.save(update_fields=["name", "rule", "version", "changed_at"])
    shown = shown_id(audience.public_id)
    emit("audience_changed", subject=f"audience:{shown}", audience=audience.pk)
    return audience
