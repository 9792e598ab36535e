"""Each term of a rule as a condition of SQL. This is what a rule means; bitmaps only repeat it.

Days are days of the house's calendar: "within 90 days" begins at midnight 90 days ago.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils import timezone

from kit.fields import read_id
from members.audience.facts import (
    Text,
    bought,
    day_of,
    figure,
    first_moment,
    in_groups,
    opened,
    touched,
)
from members.audience.rules import terms_of
from members.consent.models import ConsentState
from members.consent.rules import newest_year_of_adults
from members.identity.models import Friendship, Member, MemberState
from members.lifecycle.models import MemberStage
from members.tags.models import MemberTag

# Ways in which we reach her; a scan or a page she opens is hers, not ours.
REACHED = ("push", "call", "visit", "draft_sent", "bot_answer", "welcome")
OPENED = ("link_open",)


def matchable(at: datetime) -> Q:
    """Who may be meant at all: active members, without the restricted and without minors."""
    return Q(state=MemberState.ACTIVE, restricted_at=None) & ~minor(at)


def minor(at: datetime) -> Q:
    """Who is younger than 18 by the year she told us."""
    newest = newest_year_of_adults(timezone.localtime(at))
    return Q(birth_year__isnull=False, birth_year__gt=newest)


def condition(node: Mapping[str, Any], at: datetime) -> Q:
    """The rule as a condition over members. It must have passed `check_rule`."""
    if not node:
        return Q()
    name, value = next(iter(node.items()))
    if name == "not":
        return _none_of(value, at)
    if name == "any":
        return _one_of(value, at)
    if name == "all":
        return reduce(and_, (condition(child, at) for child in value))
    return _TERMS[name](value, at)


def _one_of(nodes: Sequence[Mapping[str, Any]], at: datetime) -> Q:
    """OR, as a union of rows where the ledger is asked: what stands beside an OR joins nothing."""
    if not any(name in _OF_LEDGER for node in nodes for name, _ in terms_of(node)):
        return reduce(or_, (condition(node, at) for node in nodes))
    rows = [found for node in nodes if (found := _rows_of(node, at))]
    if not rows:
        return Q(pk__in=())
    union = " UNION ALL ".join(f"SELECT * FROM ({text.sql}) u (who)" for text in rows)  # noqa: S608
    return within(Text(union, tuple(param for text in rows for param in text.params)))


def _none_of(node: Mapping[str, Any], at: datetime) -> Q:
    """NOT, down to where it is one EXISTS that can be joined."""
    name, value = next(iter(node.items()))
    if name == "not":
        return condition(value, at)
    if name == "all":
        return _one_of([{"not": child} for child in value], at)
    return ~condition(node, at)


def _rows_of(node: Mapping[str, Any], at: datetime) -> Text | None:
    """Rows (who): whom a part of a rule means; None when it can mean nobody."""
    found = condition(node, at)
    match found.children:
        case [Among() as one] if not found.negated:
            return Text(one.rows, one.params)
    try:
        members = Member.objects.filter(found).order_by().values("pk")
        return Text(*members.query.sql_with_params())
    except EmptyResultSet:
        return None


class Among(Func):
    """That a number is among the `who` of these rows; false, never unknown, where it is not.

    Said with EXISTS, which PostgreSQL joins whichever way is cheapest. IN, and far worse NOT IN,
    over millions of rows is compared row by row as soon as they do not fit into `work_mem`.
    """

    output_field = BooleanField()

    def __init__(self, sql: str, params: tuple[Any, ...]) -> None:
        super().__init__(F("pk"))
        self.rows, self.params = sql, params

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> tuple[str, Any]:
        """The condition, about the member of whatever query stands around it."""
        number, params = compiler.compile(self.get_source_expressions()[0])
        said = f"EXISTS (SELECT 1 FROM ({self.rows}) w WHERE w.who = {number})"  # noqa: S608
        return said, (*self.params, *params)


def within(text: Text) -> Q:
    """Whose number is among the `who` of these rows."""
    return Q(Among(text.sql, text.params))


def who(text: Text, asked: str = "") -> Text:
    """Only the `who` of rows, in a narrower sense."""
    return Text(f"SELECT who FROM ({text.sql}) q {asked}", text.params)  # noqa: S608


def _bought_within(days: int, at: datetime) -> Q:
    return within(who(bought({"within_days": days}, at), "WHERE amount > 0"))


def _figure(name: str) -> Callable[[Mapping[str, Any], datetime], Q]:
    def found(value: Mapping[str, Any], at: datetime) -> Q:
        rows = figure(name, value, at, None)
        least, most = value.get("at_least"), value.get("at_most")
        if least is not None:
            upper = "" if most is None else f" AND figure <= {int(most)}"
            return within(who(rows, f"WHERE figure >= {int(least)}{upper}"))
        # At most so much is also true of who bought nothing.
        return ~within(who(rows, f"WHERE figure > {int(most or 0)}"))

    return found


def _touched_within(kinds: tuple[str, ...]) -> Callable[[int, datetime], Q]:
    def found(days: int, at: datetime) -> Q:
        since = first_moment(day_of(at) - timedelta(days=days))
        return within(who(touched(kinds, since=since)))

    return found


def _opened_within(days: int, at: datetime) -> Q:
    since = first_moment(day_of(at) - timedelta(days=days))
    return within(who(opened(OPENED, since=since)))


def consented(purpose: str) -> QuerySet[ConsentState]:
    """Rows by which the member of the row around agreed to the purpose, over whatever channel."""
    return ConsentState.objects.filter(member=OuterRef("pk"), purpose=purpose, is_granted=True)


def is_friend() -> Exists:
    """That she is some guide's friend in WeCom."""
    return Exists(Friendship.objects.filter(contact__member=OuterRef("pk"), until=None))


def _is_friend(wanted: bool, _: datetime) -> Q:  # noqa: FBT001
    return Q(is_friend()) if wanted else ~Q(is_friend())


def _in_group(wanted: bool, _: datetime) -> Q:  # noqa: FBT001
    return within(in_groups()) if wanted else ~within(in_groups())


def _joined_within(days: int, at: datetime) -> Q:
    return Q(joined_at__gte=first_moment(day_of(at) - timedelta(days=days)))


def _stage(values: list[str], _: datetime) -> Q:
    return Q(Exists(MemberStage.objects.filter(member=OuterRef("pk"), stage__in=values)))


def tag_ids(values: list[str]) -> list[Any]:
    """The public ids that a rule names; what is none names no tag."""
    found = []
    for value in values:
        try:
            found.append(read_id(value))
        except ValueError:
            continue
    return found


def _tag(values: list[str], _: datetime) -> Q:
    held = MemberTag.objects.filter(member=OuterRef("pk"), tag__public_id__in=tag_ids(values))
    return Q(Exists(held))


_TERMS: Mapping[str, Callable[[Any, datetime], Q]] = {
    "tier": lambda value, _: Q(tier__in=value),
    "stage": _stage,
    "tag": _tag,
    "store": lambda value, _: Q(home_store__code__in=value),
    "region": lambda value, _: Q(home_store__region__name__in=value),
    # Said so that it is false, not unknown, of who has no owner: a "not" around it must hold.
    "owner": lambda value, _: Q(owner__isnull=False, owner__employee_no__in=value),
    "has_owner": lambda value, _: Q(owner__isnull=not value),
    "is_friend": _is_friend,
    "in_group": _in_group,
    "consent": lambda value, _: Q(Exists(consented(value))),
    "joined_within_days": _joined_within,
    "joined_since": lambda day, _: Q(joined_at__gte=first_moment(date.fromisoformat(day))),
    "joined_before": lambda day, _: Q(joined_at__lt=first_moment(date.fromisoformat(day))),
    "purchased_within_days": _bought_within,
    "purchased": _figure("purchased"),
    "spent": _figure("spent"),
    "opened_within_days": _opened_within,
    "touched_within_days": _touched_within(REACHED),
}
# Terms that ask millions of rows which no index of a member leads to.
_OF_LEDGER: Final = frozenset(
    {
        *("purchased_within_days", "purchased", "spent"),
        *("opened_within_days", "touched_within_days", "in_group"),
    }
)
