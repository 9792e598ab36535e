"""What moves when two members turn out to be one: each room says for its own tables.

`config/switchboard.py` lists the movers, lowest room first. A mover writes down by keys what it
moved, and takes back exactly that; what came since stays where it is and is said in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.module_loading import import_string

from kit.actions import must_be_in_action
from members.identity.models import Member, Merge

# Keys of rows and flags, never values of hers: it outlives the rows it speaks of.
Moved = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members, both locked, of which `gone` becomes `kept`, or parts from her again."""

    merge: Merge
    kept: Member
    gone: Member
    at: datetime

    @property
    def key(self) -> str:
        """What makes the writings of this merge and of no other unique."""
        return f"merge:{self.merge.pk}"


@dataclass(frozen=True, slots=True)
class Mover:
    """How one room takes part: the tables it answers for, the move, and the way back.

    `part` answers with what a person should look at, in Chinese sentences without names.
    """

    tables: frozenset[str]
    move: Callable[[Pair], Moved]
    part: Callable[[Pair, Moved], list[str]]


def movers() -> list[tuple[str, Mover]]:
    """Path and mover, in the order in which they move."""
    paths: Sequence[str] = import_string(settings.MERGERS)
    return [(path, import_string(path)) for path in paths]


def move_rows(model: type[models.Model], field: str, pair: Pair) -> list[int]:
    """Let the rows of the gone one be the kept one's; keys of those that moved. A step.

    What the kept one has already (a unique constraint says so) stays where it is.
    """
    must_be_in_action()
    keys = list(_keys(model.objects.filter(**{field: pair.gone.pk})))  # type: ignore[attr-defined]
    return _repoint(model, field, keys, pair.gone.pk, pair.kept.pk)


def give_rows_back(model: type[models.Model], field: str, keys: Iterable[int], pair: Pair) -> int:
    """Rows that moved become the gone one's again; how many of them are not there any more. A step.

    A row that somebody else's act changed in between (deleted, moved on) is left alone.
    """
    must_be_in_action()
    wanted = list(keys)
    back = _repoint(model, field, wanted, pair.kept.pk, pair.gone.pk)
    return len(wanted) - len(back)


def moving_rows(
    *tables: tuple[type[models.Model], str], staying: Sequence[type[models.Model]] = ()
) -> Mover:
    """A mover for tables whose rows simply change their member: (model, field) each.

    `staying` tables keep their number: computed anew, short-lived, or proof of what was.
    """

    def move(pair: Pair) -> Moved:
        return {model._meta.label: move_rows(model, field, pair) for model, field in tables}

    def part(pair: Pair, moved: Moved) -> list[str]:
        said = []
        for model, field in tables:
            lost = give_rows_back(model, field, moved.get(model._meta.label, ()), pair)
            if lost:
                said.append(f"{model._meta.verbose_name}：{lost} 条已不在，没有移回")
        return said

    answered_for = [*(model for model, _ in tables), *staying]
    return Mover(frozenset(model._meta.label for model in answered_for), move, part)


def _keys(rows: models.QuerySet[Any]) -> models.QuerySet[Any, int]:
    return rows.order_by("pk").values_list("pk", flat=True)


def _repoint(
    model: type[models.Model], field: str, keys: list[int], old: int, new: int
) -> list[int]:
    rows = model.objects.filter(pk__in=keys, **{field: old})  # type: ignore[attr-defined]
    found = list(_keys(rows))
    try:
        with transaction.atomic():
            rows.update(**{field: new})
    except IntegrityError:
        return [key for key in found if _repoint_one(model, field, key, new)]
    return found


def _repoint_one(model: type[models.Model], field: str, key: int, new: int) -> bool:
    try:
        with transaction.atomic():
            model.objects.filter(pk=key).update(**{field: new})  # type: ignore[attr-defined]
    except IntegrityError:
        return False
    return True
