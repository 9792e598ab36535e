"""An audience's members as one query: the truth that every list of recipients comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, QuerySet

from kit.fields import shown_id
from members.audience.conditions import condition, consented, matchable
from members.audience.counting import Count, count, descent, sample
from members.audience.models import Audience, AudienceVersion
from members.audience.rules import check_rule, is_personal, terms_of
from members.audience.words import Names
from members.consent.models import Purpose
from members.identity.models import Member, Tier
from members.lifecycle.models import Stage
from members.tags.models import Tag
from stores.org.models import Guide, Store

__all__ = [
    "Count",
    "count",
    "descent",
    "members_by_rule",
    "members_in",
    "members_of",
    "names_of",
    "sample",
    "version_of",
]


def members_in(audience: Audience, at: datetime) -> QuerySet[Member]:
    """Whom the audience may be used for at this time, as one statement of SQL.

    A rule that judges people by what they did means only those who agreed to that (PIPL 24). What
    the scope around us does not meet is not among them. Raises BrokenRule.
    """
    found = members_of(audience.rule, at)
    if is_personal(audience.rule):
        found = found.filter(Exists(consented(Purpose.PROFILING)))
    return found


def members_of(rule: Mapping[str, Any], at: datetime) -> QuerySet[Member]:
    """Whom a rule means: active members, never restricted ones or minors. Raises BrokenRule."""
    check_rule(rule)
    return Member.objects.filter(matchable(at)).filter(condition(rule, at))


members_by_rule = members_of


def names_of(rule: Mapping[str, Any] | None = None) -> Names:
    """What the codes in rules are called on screens; of many guides only those the rule names."""
    owners = [] if rule is None else [v for n, v in terms_of(rule) if n == "owner"]
    numbers = [number for chosen in owners for number in chosen]
    tags = Tag.objects.select_related("group").filter(retired_at=None)
    return {
        "tier": dict(Tier.choices),
        "stage": dict(Stage.choices),
        "tag": {shown_id(tag.public_id): f"{tag.group.name}·{tag.name}" for tag in tags},
        "store": dict(Store.objects.values_list("code", "name")),
        "owner": dict(
            Guide.objects.filter(employee_no__in=numbers).values_list("employee_no", "name")
        ),
        "consent": dict(Purpose.choices),
    }


def version_of(audience: Audience, number: int) -> AudienceVersion | None:
    """The rule as it was saved under this number."""
    return AudienceVersion.objects.filter(audience=audience, number=number).first()
