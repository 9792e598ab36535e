"""One row of any table, made from its fields alone: what a rule of retention is tried on."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from kit.fields import PublicIdField, SealedTextField

_numbers = itertools.count(1)

# What a constraint of the table wants, where the plainest row would break it.
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
WANTED: dict[str, dict[str, Any]] = {
    "wecom.ArchiveConsent": {"userid": "lin"},
    "wecom.InboxMessage": {"state": "done"},
    "wecom.Sweep": {"state": "done"},
    "stores.Ownership": {"since": LONG_AGO},
    "stores.Shift": {"begins_at": LONG_AGO},
    "groups.Push": {"chat_type": "group", "audience": None},
    "groups.PushTask": {"state": "done"},
    "groups.Group": {"state": "dismissed"},
    "members.ChannelCost": {"campaign": "双十一"},
    "members.CustomerTransfer": {"state": "refused"},
    "members.MemberImport": {"state": "tried"},
    "members.OneTimeCode": {"registration": lambda: a_row(_model("members.Registration"))},
    "members.RosterCode": {"kind": "nearest", "campaign": lambda: f"c{next(_numbers)}"},
    "stores.FigureProof": {"month": lambda: date(2020, 1, 1) + timedelta(days=next(_numbers))},
    "members.SubjectRequest": {"state": "refused", "refused_because": "x"},
}


def _model(label: str) -> type[models.Model]:
    return next(model for model in apps.get_models() if model._meta.label == label)


def a_row(model: type[models.Model], **given: Any) -> models.Model:
    """A row with every required column filled, its parents made first."""
    wanted = {**WANTED.get(model._meta.label, {}), **given}
    wanted = {name: value() if callable(value) else value for name, value in wanted.items()}
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in wanted:
            values[field.name] = wanted[field.name]
        elif not _is_filled_by_itself(field):
            values[field.name] = _value_of(field)
    return model._base_manager.create(**values)


def _is_filled_by_itself(field: Any) -> bool:
    if isinstance(field, PublicIdField | models.AutoField):
        return True
    if field.unique and field.max_length and not field.primary_key and not field.null:
        return False
    return bool(field.null or field.has_default() or (field.blank and not field.unique))


def _value_of(field: Any) -> Any:
    number = next(_numbers)
    if isinstance(field, models.ForeignKey):
        parent: Any = field.related_model
        return a_row(parent)
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, SealedTextField):
        return f"sealed {number}"
    made: dict[type, Callable[[], Any]] = {
        models.BinaryField: lambda: number.to_bytes(32, "big"),
        models.DateTimeField: timezone.now,
        models.DateField: date.today,
        models.TimeField: lambda: time(10),
        models.UUIDField: uuid.uuid4,
        models.BooleanField: lambda: False,
        models.JSONField: dict,
        models.CharField: lambda: f"x{number}"[: field.max_length],
        models.TextField: lambda: f"x{number}",
        models.DecimalField: lambda: 1,
        models.FloatField: lambda: 0.5,
        models.IntegerField: lambda: number,
    }
    for kind, make in made.items():
        if isinstance(field, kind):
            return make()
    return []


def a_row_ending(model: type[models.Model], after: str, moment: datetime, **given: Any) -> Any:
    """A row whose time began at a moment; the column may stand in a parent's row."""
    first, _, rest = after.partition("__")
    field: Any = model._meta.get_field(first)
    if rest and isinstance(field, models.ForeignKey):
        parent: Any = field.related_model
        return a_row(model, **{first: a_row_ending(parent, rest, moment)}, **given)
    if rest:
        row = a_row(model, **given)
        back = field.field.name
        a_row_ending(field.related_model, rest, moment, **{back: row})
        return row
    is_day = isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField)
    return a_row(model, **{first: moment.date() if is_day else moment}, **given)
