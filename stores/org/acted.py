"""Who acted, for readers: rows keep an actor as a key that says nothing to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import models

from kit.actor import names_of_actors

# A column that keeps an actor is long enough for its key; `ended_by` of a friendship is not.
_LONG_ENOUGH = 120


def named(actor: str) -> str:
    """An actor by name; one query."""
    return names_of_actors([actor])[actor]


def keeps_actor(field: models.Field) -> bool:  # type: ignore[type-arg]
    """Whether the column says who acted: by its name, and long enough for a key."""
    return (
        type(field) is models.CharField
        and field.max_length == _LONG_ENOUGH
        and (field.name in {"actor", "by"} or field.name.endswith("_by"))
    )


def name_all(rows: Iterable[models.Model], columns: Sequence[str]) -> None:
    """Let rows of a list know their actors' names: one query for all rows and columns."""
    if not columns:
        return
    shown = list(rows)
    names = names_of_actors({getattr(row, column) for row in shown for column in columns} - {""})
    for row in shown:
        row._names_of_actors = names  # type: ignore[attr-defined]


def named_in(row: models.Model, column: str) -> str:
    """Who acted, as a cell says it: from the list's own query where there was one."""
    actor = getattr(row, column)
    if not actor:
        return "—"
    names: dict[str, str] | None = getattr(row, "_names_of_actors", None)
    return named(actor) if names is None else names[actor]
