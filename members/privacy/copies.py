"""A person's copy of everything kept of her, handed in room by room (`switchboard.COPIES`).

What a part shows of a row comes from the catalogue: every field graded personal, and the internal
ones that a room names to make it readable. Digests help nobody and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from kit.classified import Grade, Privacy
from members.identity.models import Member

HERS = frozenset({Grade.PERSONAL, Grade.PERSONAL_HIGH, Grade.SENSITIVE})
# Whom the row is about stands at the head of the file.
_SELF = frozenset({"member", "member_no", "contact", "members", "recipients"})


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table that are about her: the table's label, its Chinese title, plain values."""

    table: str
    title: str
    rows: Sequence[Mapping[str, Any]]


Supplier = Callable[[Member], Sequence[Part]]


def part(found: models.QuerySet[Any], *, also: str = "") -> Part:
    """Rows as a part: every personal field of the table, and the internal ones in `also`."""
    model: Any = found.model
    names = [*also.split(), *fields_of(model)]
    return Part(
        table=model._meta.label_lower,
        title=str(model._meta.verbose_name),
        rows=[{name: _plain(row, name) for name in names} for row in found.order_by("pk")],
    )


def fields_of(model: type[models.Model]) -> list[str]:
    """The fields of a table that belong into a copy."""
    privacy: Privacy = vars(model)["privacy"]
    return [
        field.name
        for field in model._meta.concrete_fields
        if privacy.grades[field.name] in HERS
        and field.name not in _SELF
        and not field.name.endswith("digest")
    ]


def parts_of(member: Member) -> list[Part]:
    """Everything that the rooms keep of her; in the scope of somebody who meets all of it."""
    paths: Sequence[str] = import_string(settings.COPIES)
    found: list[Part] = []
    for path in paths:
        supplier: Supplier = import_string(path)
        found += supplier(member)
    return [one for one in found if one.rows]


def document_of(member: Member, parts: Sequence[Part], *, at: datetime) -> dict[str, Any]:
    """The copy as one document that a program can read (PIPL 45)."""
    return {
        "made_at": at.isoformat(),
        "processor": {"name": member.entity.name, "contact": member.entity.contact},
        "parts": [{"table": one.table, "title": one.title, "rows": one.rows} for one in parts],
    }


def _plain(row: models.Model, name: str) -> Any:
    value = getattr(row, name)
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int | float | bool | list | dict) or value is None:
        return value
    return str(value)
