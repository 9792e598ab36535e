"""What the rooms hand in for a person's copy of her data, by `switchboard.COPIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from members.identity.models import Member


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table that are about her: its key in the file, its Chinese title, plain values.

    `table` is the model's label in lower case; the fields of `rows` are named as in the model.
    """

    table: str
    title: str
    rows: Sequence[Mapping[str, Any]]


Supplier = Callable[[Member], Sequence[Part]]


def parts_of(member: Member) -> list[Part]:
    """Everything that the rooms keep of her, lowest floor first."""
    paths: Sequence[str] = import_string(settings.COPIES)
    found: list[Part] = []
    for path in paths:
        supplier: Supplier = import_string(path)
        found += supplier(member)
    return found
