"""How many a rule means and why others fall out, while one types; and some of them to look at.

Bitmaps answer where there are many members, SQL where there are few or the bitmaps are not ready.
Either way the actor's scope is respected, and the answer says as of when it is true.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor, Scope
from members.audience.algebra import Algebra
from members.audience.columns import ids_in, one_snapshot
from members.audience.conditions import condition, matchable
from members.audience.facets import Leaf
from members.audience.holding import HOLDER
from members.audience.hurdles import Hurdle, hurdles
from members.audience.rules import check_rule, is_personal
from members.identity.models import Member, MemberState

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Count:
    """A number, as of when, and whether bitmaps or SQL said it."""

    number: int
    as_of: datetime
    by_bitmaps: bool


@dataclass(frozen=True, slots=True)
class Fallen:
    """How many fall out at one hurdle."""

    code: str
    title: str
    number: int


@dataclass(frozen=True, slots=True)
class Descent:
    """From whom a rule means to who is left."""

    meant: int
    fallen: Sequence[Fallen]
    left: int
    as_of: datetime
    by_bitmaps: bool


def count(rule: Mapping[str, Any], *, by: Actor) -> Count:
    """How many the rule means of those whom the actor meets. Raises BrokenRule."""
    check_rule(rule)
    now = timezone.now()
    answer = HOLDER.ask(now, lambda algebra: _size(algebra, rule, by.scope))
    if answer is not None:
        return Count(*answer, by_bitmaps=True)
    with one_snapshot():
        return Count(_meant(rule, by.scope, now).count(), now, by_bitmaps=False)


def descent(rule: Mapping[str, Any], *, by: Actor) -> Descent:
    """The funnel of a one-to-one message to whom the rule means. Raises BrokenRule."""
    check_rule(rule)
    now = timezone.now()
    chosen = [one for one in hurdles() if is_personal(rule) or not one.only_personal]
    answer = HOLDER.ask(now, lambda algebra: _sizes(algebra, rule, by.scope, chosen))
    sizes, as_of = answer if answer is not None else (_counted(rule, by.scope, chosen, now), now)
    fallen = [
        Fallen(one.code, one.title, before - after)
        for one, before, after in zip(chosen, sizes, sizes[1:], strict=False)
    ]
    return Descent(sizes[0], fallen, sizes[-1], as_of, answer is not None)


def sample(rule: Mapping[str, Any], *, by: Actor, size: int = SAMPLE) -> list[Member]:
    """Some of those whom the rule means and the actor meets, by chance. Raises BrokenRule."""
    check_rule(rule)
    now = timezone.now()
    answer = HOLDER.ask(now, lambda algebra: _some(_members(algebra, rule, by.scope), size))
    found = Member.objects.select_related("home_store", "owner")
    with scope_of(by):
        if answer is not None:
            return list(found.filter(pk__in=answer[0], state=MemberState.ACTIVE).order_by("-pk"))
        return list(found.filter(matchable(now), condition(rule, now)).order_by("-pk")[:size])


# ---------------------------------------------------------------- by bitmaps


def _members(algebra: Algebra, rule: Mapping[str, Any], scope: Scope) -> Any:
    """Whom the rule means. Who looks at a sample has just counted: the last answer is kept."""
    asked = (json.dumps(rule, sort_keys=True), scope, algebra.today, algebra.places)
    last = algebra.facets.last
    if last is not None and last[0] == asked:
        return last[1]
    found = algebra.meant(rule, algebra.matchable())
    met = algebra.met_by(scope)
    found = found if met is None else found & met
    algebra.facets.last = (asked, found)
    return found


def _size(algebra: Algebra, rule: Mapping[str, Any], scope: Scope) -> int:
    return len(_members(algebra, rule, scope))


def _sizes(
    algebra: Algebra, rule: Mapping[str, Any], scope: Scope, chosen: Sequence[Hurdle]
) -> list[int]:
    left = algebra.meant(rule, algebra.active())
    met = algebra.met_by(scope)
    left = left if met is None else left & met
    sizes = [len(left)]
    for one in chosen:
        left = left & _passing(algebra, one)
        sizes.append(len(left))
    return sizes


def _passing(algebra: Algebra, one: Hurdle) -> Any:
    def read(ids: Any) -> tuple[Any, None]:
        people = Member.objects.filter(state=MemberState.ACTIVE)
        if ids is not None:
            people = people.filter(pk__in=ids)
        return ids_in(one.passing(people, algebra.at)), None

    day = algebra.today if one.daily else None
    return algebra.leaf(f"hurdle:{one.code}", lambda: Leaf(read, one.sources, day))


def _some(found: Any, size: int) -> list[int]:
    # Which twenty somebody looks at is no secret to be kept from guessing.
    places = random.sample(range(len(found)), min(size, len(found)))
    return [found[place] for place in places]


# ---------------------------------------------------------------- by SQL


def met(scope: Scope) -> Q:
    """Whom a scope meets, said as row-level security says it."""
    if scope.everything:
        return Q()
    found = Q(home_store__in=scope.stores)
    if scope.guide is not None:
        found |= Q(owner=scope.guide)
    return found if scope.member is None else found | Q(pk=scope.member)


def _meant(rule: Mapping[str, Any], scope: Scope, at: datetime) -> QuerySet[Member]:
    return Member.objects.filter(matchable(at), met(scope)).filter(condition(rule, at))


def _counted(
    rule: Mapping[str, Any], scope: Scope, chosen: Sequence[Hurdle], at: datetime
) -> list[int]:
    active = Member.objects.filter(met(scope), state=MemberState.ACTIVE)
    left = active.filter(condition(rule, at))
    with one_snapshot():
        sizes = [left.count()]
        for one in chosen:
            left = one.passing(left, at)
            sizes.append(left.count())
    return sizes
