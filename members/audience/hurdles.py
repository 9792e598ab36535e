"""What may stand between a member whom a rule means and a message to her, in the order shown.

`config/switchboard.py` lists the hurdles by path, so that higher floors add theirs (budgets, quiet
hours): each says in SQL whom it lets pass, and which changes in the feed may change its mind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.module_loading import import_string

from members.audience.conditions import consented, minor
from members.consent.models import Channel, Purpose
from members.consent.queries import permitted
from members.identity.models import Friendship, Member


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One reason to fall out. `passing` keeps those members whom it does not stop."""

    code: str
    # How the excluded are told: "没有同意一对一消息".
    title: str
    passing: Callable[[QuerySet[Member], datetime], QuerySet[Member]]
    sources: frozenset[str]
    # Whether it may change by the day alone.
    daily: bool = False
    # Whether it concerns only rules that judge people by what they did.
    only_personal: bool = False


def _permitted(members: QuerySet[Member], at: datetime) -> QuerySet[Member]:
    # Each by the entity that she is a member of: the comparison of a column with itself.
    own = cast(Any, F("entity"))
    return permitted(members, Purpose.DIRECT_MARKETING, Channel.WECOM, at=at, entity=own)


def _profiled(members: QuerySet[Member], _: datetime) -> QuerySet[Member]:
    return members.filter(Exists(consented(Purpose.PROFILING)))


def _reachable(members: QuerySet[Member], _: datetime) -> QuerySet[Member]:
    friends = Friendship.objects.filter(
        contact__member=OuterRef("pk"),
        until=None,
        guide__left_on=None,
        guide__wecom_userid__isnull=False,
    )
    return members.filter(Exists(friends))


RESTRICTED = Hurdle(
    "restricted",
    "本人要求限制处理",
    lambda members, _: members.filter(restricted_at=None),
    frozenset({"member"}),
)
MINOR = Hurdle(
    "minor",
    "未满 18 周岁",
    lambda members, at: members.exclude(minor(at)),
    frozenset({"member"}),
    daily=True,
)
CONSENT = Hurdle(
    "consent",
    "没有同意导购一对一消息",
    _permitted,
    frozenset({"member", "consent"}),
)
PROFILING = Hurdle(
    "profiling",
    "没有同意按喜好挑选（条件用到了她的行为）",
    _profiled,
    frozenset({"consent"}),
    only_personal=True,
)
CHANNEL = Hurdle(
    "channel",
    "没有加在职导购的企业微信，送不到",
    _reachable,
    frozenset({"friend"}),
    daily=True,
)


@lru_cache(maxsize=1)
def hurdles() -> Sequence[Hurdle]:
    """All that the switchboard names, in its order."""
    paths: Sequence[str] = import_string(settings.AUDIENCE_HURDLES)
    return tuple(import_string(path) for path in paths)
