"""Every model says what each of its fields is and how long it is kept.

Masking, export rules, erasure, the nightly retention and the published data inventory read these
declarations; a test fails on a model field that has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Grade(StrEnum):
    """How much harm a leak of the field would do, smallest first (GB/T 43697 in our words)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    PERSONAL_HIGH = "personal-high"
    SENSITIVE = "sensitive"

    @property
    def code(self) -> str:
        """G1 to G5, as the classification table of the brand calls them."""
        return f"G{list(Grade).index(self) + 1}"


class AtEnd(StrEnum):
    """What becomes of a row when its time is over."""

    DELETE = "delete"
    EMPTY = "empty"
    WITH_OWNER = "with-owner"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Keep:
    """One rule of retention that a machine can carry out; `words` adds what a reader must know.

    The time counts from the column `after` (a path over foreign keys is allowed); a row where it is
    empty is not over yet. `only` narrows the rule to some rows. `by` names the job that carries it
    out instead of the nightly one.
    """

    at_end: AtEnd
    days: int = 0
    after: str = ""
    columns: tuple[str, ...] = ()
    only: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    by: str = ""
    words: str = ""


YEAR: Final = 365


def keep_days(
    days: int,
    after: str,
    *,
    only: Mapping[str, Any] | None = None,
    by: str = "",
    words: str = "",
) -> Keep:
    """The row is deleted so many days after the moment in `after`."""
    return Keep(AtEnd.DELETE, days, after, only=only or {}, by=by, words=words)


def keep_years(
    years: int,
    after: str,
    *,
    only: Mapping[str, Any] | None = None,
    by: str = "",
    words: str = "",
) -> Keep:
    """The row is deleted so many years after the moment in `after`."""
    return keep_days(years * YEAR, after, only=only, by=by, words=words)


def empty_after(
    days: int,
    after: str,
    columns: str,
    *,
    only: Mapping[str, Any] | None = None,
    by: str = "",
    words: str = "",
) -> Keep:
    """The columns named (separated by blanks) are emptied; the row stays."""
    return Keep(
        AtEnd.EMPTY, days, after, tuple(columns.split()), only=only or {}, by=by, words=words
    )


def with_owner(owner: str, *, words: str = "") -> Keep:
    """The row is kept as long as what its foreign key `owner` points at, and ends with it."""
    return Keep(AtEnd.WITH_OWNER, owner=owner, words=words)


def keep_always(words: str) -> Keep:
    """What the house itself is made of; says nothing of customers. `words` says why."""
    return Keep(AtEnd.STAYS, words=words)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What one model declares: the grade of each field, and until when rows are kept."""

    keep: tuple[Keep, ...]
    grades: Mapping[str, Grade]


def declare(
    *,
    keep: str | Keep | Sequence[Keep],
    public: str = "",
    internal: str = "",
    personal: str = "",
    personal_high: str = "",
    sensitive: str = "",
) -> Privacy:
    """Declare a model's fields, names separated by blanks. Raises ValueError on a name said twice.

    `keep` is the rule, or the rules, by which its rows end.
    """
    grades: dict[str, Grade] = {}
    said = {
        Grade.PUBLIC: public,
        Grade.INTERNAL: internal,
        Grade.PERSONAL: personal,
        Grade.PERSONAL_HIGH: personal_high,
        Grade.SENSITIVE: sensitive,
    }
    for grade, names in said.items():
        for name in names.split():
            if name in grades:
                raise ValueError(f"{name} is declared twice")
            grades[name] = grade
    if isinstance(keep, str):
        rules: tuple[Keep, ...] = (keep_always(keep),)
    elif isinstance(keep, Keep):
        rules = (keep,)
    else:
        rules = tuple(keep)
    return Privacy(keep=rules, grades=grades)
