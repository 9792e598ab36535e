"""HQ's lists when a table has a hundred million rows: nothing here reads all of them.

Counted, searched, filtered and paged by dates with what an index, or the newest rows, can answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import smart_split, unescape_string_literal
from unfold.views import ChangeList

from stores.org.acted import keeps_actor, name_all

# Values of a column are offered as a filter when they stand in one of so many newest rows.
LATELY: Final = 2000
# A search by a number finds so many rows at most: more are a filter's work.
_MOST_FOUND: Final = 1000
_PLAIN: Final = (models.CharField, models.TextField)
_NO_ENDS: Final = {"first": None, "last": None}


class CountedSoFar(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody pages: at 15 million rows a full count takes seconds.

    Behind the last page stands a search or a filter, not one more page.
    """

    most: ClassVar[int] = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, models.QuerySet):
            return len(rows)
        return rows.order_by()[: self.most].count()


# ---------------------------------------------------------------- search


def found_exactly(
    rows: models.QuerySet[Any], names: Sequence[str], words: str
) -> models.QuerySet[Any]:
    """The rows in which each word stands exactly in one of the fields, however it is upper-cased.

    Field by field, each by its own index: joined by OR, or made upper case, none would be used.
    """
    for word in smart_split(words):
        if word[0] in "\"'" and word[0] == word[-1]:
            word = unescape_string_literal(word)
        keys: set[int] = set()
        for name in names:
            value = _as_of(rows.model, name, word)
            if value is not None:
                fits = rows.order_by().filter(**{name: value})
                keys.update(fits.values_list("pk", flat=True)[:_MOST_FOUND])
        rows = rows.filter(pk__in=keys)
    return rows


def _as_of(model: type[models.Model], path: str, word: str) -> Any:
    """The word as a value of the field; None where it can be none."""
    try:
        return None if "\0" in word else _field_at(model, path).to_python(word)
    except ValidationError:
        return None


def _field_at(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    *steps, last = path.split(LOOKUP_SEP)
    for step in steps:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    found: models.Field[Any, Any] = model._meta.get_field(last)  # type: ignore[assignment]
    return found


# ---------------------------------------------------------------- filters


class SeenLately(admin.AllValuesFieldListFilter):
    """A filter by the values that the newest rows hold; Django's own looks through all of them."""

    def __init__(
        self,
        field: Any,
        request: Any,
        params: Any,
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        newest = model_admin.get_queryset(request).order_by("-pk").values_list(field_path)
        seen = {value for (value,) in newest[:LATELY]}
        self.lookup_choices = sorted(seen, key=lambda value: str(value or ""))  # type: ignore[assignment]


def short_filter(model: type[models.Model], asked: Any) -> Any:
    """The filter as it was asked for; one by plain text without choices is made `SeenLately`."""
    if not isinstance(asked, str):
        return asked
    try:
        field = model._meta.get_field(asked)
    except FieldDoesNotExist:
        return asked
    is_plain = isinstance(field, _PLAIN) and not field.choices
    return (asked, SeenLately) if is_plain else asked


# ---------------------------------------------------------------- dates


class HouseChangeList(ChangeList):
    """A list whose years, months and days are worked out from its first row and its last.

    Who acted is named for the whole page at once.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.date_hierarchy:
            self.queryset = _Calendar(self.root_queryset, self.date_hierarchy, self.params)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        told = {
            f"spoken_{field.name}": field.name
            for field in self.opts.concrete_fields
            if keeps_actor(field)
        }
        name_all(self.result_list, [told[name] for name in self.list_display if name in told])


class _Calendar:
    """What Django's date hierarchy asks of a list, without looking for the days that have rows."""

    def __init__(self, rows: models.QuerySet[Any], field: str, params: dict[str, Any]) -> None:
        self._rows, self._field, self._params = rows, field, params

    def aggregate(self, **_: Any) -> dict[str, Any]:
        """The dates of the oldest row and of the newest, by their numbers: one query."""
        return {"first": self._ends[0], "last": self._ends[-1]} if self._ends else _NO_ENDS

    @cached_property
    def _ends(self) -> list[Any]:
        dated = self._rows.exclude(**{self._field: None}).values_list(self._field)
        both = dated.order_by("pk")[:1].union(dated.order_by("-pk")[:1])
        return sorted(moment for (moment,) in both)

    def datetimes(self, field: str, kind: str) -> list[datetime]:
        zone = timezone.get_current_timezone()
        return [datetime.combine(day, time(), zone) for day in self.dates(field, kind)]

    def dates(self, field: str, kind: str) -> list[date]:
        """The beginnings of the years, months or days from the first row to the last."""
        if not self._ends:
            return []
        first, last = _day_of(self._ends[0]), _day_of(self._ends[-1])
        year, month = _asked(self._params, self._field, first)
        if kind == "year":
            return [date(number, 1, 1) for number in range(first.year, last.year + 1)]
        if kind == "month":
            return [date(year, number, 1) for number in range(1, 13)]
        days = (date(year, month, 1) + timedelta(days=number) for number in range(31))
        return [day for day in days if day.month == month]


def _day_of(moment: date | datetime) -> date:
    return timezone.localtime(moment).date() if isinstance(moment, datetime) else moment


def _asked(params: dict[str, Any], field: str, first: date) -> tuple[int, int]:
    """The year and the month that the address names, else those of the first row."""

    def number(part: str, otherwise: int) -> int:
        said = params.get(f"{field}__{part}", otherwise)
        said = said[-1] if isinstance(said, list) else said
        return int(said) if str(said).isdigit() else otherwise

    year = min(max(number("year", first.year), 1), 9998)
    return year, min(max(number("month", first.month), 1), 12)
