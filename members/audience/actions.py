"""Saving an audience: every rule that was ever saved stays readable under its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.audience.models import Audience, AudienceVersion
from members.audience.queries import names_of
from members.audience.rules import check_rule
from members.audience.words import difference, say


@action
def save_audience(
    audience_id: int | None, *, name: str, rule: dict[str, Any], by: Actor
) -> Audience:
    """Make an audience or change one; a changed rule is a new version. Raises BrokenRule.

    Repeating changes nothing: the same rule is the same version.
    """
    check_rule(rule)
    if audience_id is None:
        audience, is_new = Audience.objects.get_or_create(name=name, defaults={"rule": rule})
        if is_new:
            _keep_version(audience, None, by)
            return audience
        audience_id = audience.pk
    audience = Audience.objects.select_for_update().get(pk=audience_id)
    if (audience.name, audience.rule) == (name, rule):
        return audience
    before = audience.rule
    if before != rule:
        _keep_first(audience, by)
        audience.version += 1
    audience.name, audience.rule, audience.changed_at = name, rule, timezone.now()
    audience.save(update_fields=["name", "rule", "version", "changed_at"])
    if before != rule:
        _keep_version(audience, before, by)
    shown = shown_id(audience.public_id)
    emit("audience_changed", subject=f"audience:{shown}", audience=audience.pk)
    return audience


def _keep_first(audience: Audience, by: Actor) -> None:
    """The version about to be left, if it was made before versions were kept."""
    if not AudienceVersion.objects.filter(audience=audience, number=audience.version).exists():
        _keep_version(audience, None, by)


def _keep_version(audience: Audience, before: Mapping[str, Any] | None, by: Actor) -> None:
    names = names_of(audience.rule)
    AudienceVersion.objects.create(
        audience=audience,
        number=audience.version,
        rule=audience.rule,
        words=say(audience.rule, names),
        difference=difference(before, audience.rule, names),
        saved_by=str(by),
    )
