"""Every declared rule of retention, made true each night in small batches, with a report.

Rules stand beside the models (kit.classified); rules that name a job of their own are carried out
by it, and only looked at here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, models, transaction
from django.db.models import Q
from django.db.models.deletion import ProtectedError
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.classified import AtEnd, Grade, Keep, Privacy
from members.privacy.models_of_duty import RetentionReport

log = structlog.get_logger(__name__)

BATCH: Final = 2000
# So many rows of one rule in one night; the rest waits for the next.
MOST: Final = 200_000
_UNITS: Final = ((365, "年"), (1, "天"))
_WAITS: Final = "今晚没有处理完，或还有别的记录指向它"
_ENDS: Final = {AtEnd.DELETE: "删除", AtEnd.EMPTY: "清空个人信息"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one table."""

    model: type[models.Model]
    keep: Keep

    @property
    def table(self) -> str:
        return self.model._meta.label

    @property
    def words(self) -> str:
        return in_words(self.keep)

    def __str__(self) -> str:
        return f"{self.table}: {self.words}"


def own_models() -> Iterator[tuple[type[models.Model], Privacy]]:
    """The house's tables with what they declare; a screen over another's table declares nothing."""
    for model in apps.get_models():
        privacy = vars(model).get("privacy")
        is_ours = model._meta.app_label in settings.FIRST_PARTY_APPS
        if is_ours and isinstance(privacy, Privacy) and not model._meta.proxy:
            yield model, privacy


def rules() -> list[Rule]:
    """Every rule that ends something by time."""
    return [
        Rule(model, keep)
        for model, privacy in own_models()
        for keep in privacy.keep
        if keep.at_end in {AtEnd.DELETE, AtEnd.EMPTY}
    ]


def in_words(keep: Keep) -> str:
    """The rule as a notice prints it."""
    if keep.at_end == AtEnd.STAYS:
        return keep.words
    if keep.at_end == AtEnd.WITH_OWNER:
        return "；".join(filter(None, ["随所属的记录一起删除", keep.words]))
    said = "到期即" if not keep.days else f"{_long(keep.days)}后"
    return "；".join(filter(None, [f"{said}{_ENDS[keep.at_end]}", keep.words]))


def _long(days: int) -> str:
    for size, unit in _UNITS:
        if days % size == 0 and days >= size:
            return f"{days // size} {unit}"
    return f"{days} 天"


def overdue(rule: Rule, at: datetime) -> models.QuerySet[Any]:
    """Rows whose time is over at a moment, and that still say what they should not."""
    keep = rule.keep
    end = at - timedelta(days=keep.days)
    moment: Any = timezone.localdate(end) if _is_date(rule.model, keep.after) else end
    found = rule.model._base_manager.filter(**keep.only, **{f"{keep.after}__lt": moment})
    if keep.at_end == AtEnd.EMPTY:
        found = found.exclude(_is_empty(rule))
    return found.distinct() if "__" in keep.after else found


def _is_empty(rule: Rule) -> Q:
    """Every column of the rule is empty already."""
    said = Q()
    for name in rule.keep.columns:
        field = rule.model._meta.get_field(name)
        value = _nothing_of(field)
        said &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    return said


def _nothing_of(field: Any) -> Any:
    """What stands in an emptied column."""
    if field.null:
        return None
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.BinaryField):
        return b""
    return [] if hasattr(field, "base_field") else ""


def _is_date(model: type[models.Model], path: str) -> bool:
    field: Any = None
    current: Any = model
    for part in path.split("__"):
        field = current._meta.get_field(part)
        current = getattr(field, "related_model", None)
    return isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField)


@dataclass(frozen=True, slots=True)
class Batch:
    """How many rows ended, and the last that was looked at; None when no more are overdue."""

    ended: int
    last: Any


@action
def end_batch(
    rule: Rule, *, at: datetime, after: Any = None, limit: int = BATCH, by: Actor
) -> Batch:
    """End the next rows of one rule behind a key, in the order of keys. Safe to repeat."""
    found = overdue(rule, at).order_by("pk")
    if after is not None:
        found = found.filter(pk__gt=after)
    keys = list(found.values_list("pk", flat=True)[:limit])
    last = keys[-1] if len(keys) == limit else None
    rows = rule.model._base_manager.filter(pk__in=keys)
    if rule.keep.at_end == AtEnd.EMPTY:
        fields = (rule.model._meta.get_field(name) for name in rule.keep.columns)
        return Batch(rows.update(**{field.name: _nothing_of(field) for field in fields}), last)
    try:
        with transaction.atomic():
            delete_with_owned(rule.model, keys)
    except ProtectedError:
        # One row that another still needs must not keep all others.
        return Batch(sum(_is_deleted(rule.model, key) for key in keys), last)
    return Batch(len(keys), last)


def _is_deleted(model: type[models.Model], key: Any) -> bool:
    try:
        with transaction.atomic():
            delete_with_owned(model, [key])
    except ProtectedError:
        return False
    return True


def delete_with_owned(model: type[models.Model], keys: Sequence[Any]) -> None:
    """Delete rows, and before them what declares that it ends with them."""
    for child, owner in _owned_by(model):
        those = child._base_manager.filter(**{f"{owner}__in": keys})
        delete_with_owned(child, list(those.values_list("pk", flat=True)))
    model._base_manager.filter(pk__in=keys).delete()


def _owned_by(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    return [
        (child, keep.owner)
        for child, privacy in own_models()
        for keep in privacy.keep
        if keep.at_end == AtEnd.WITH_OWNER
        and child._meta.get_field(keep.owner).related_model is model
    ]


def retain(*, at: datetime, by: Actor, batch: int = BATCH, most: int = MOST) -> int:
    """Make every rule true; how many rows ended. Each rule writes its line into the report.

    One rule's fault is its own: the line says it, the others go on.
    """
    return retain_some(0, at=at, by=by, batch=batch, most=most).ended


@dataclass(frozen=True, slots=True)
class Portion:
    """What a portion of the night ended, and with which rule the next goes on; None at the end."""

    ended: int
    next_rule: int | None


def retain_some(
    first: int,
    *,
    at: datetime,
    by: Actor,
    batch: int = BATCH,
    most: int = MOST,
    is_enough: Callable[[], bool] = lambda: False,
) -> Portion:
    """The same from the rule `first` on, until it is enough; asked after every batch.

    The rule it stopped in is begun again by the next portion: what it ended is ended.
    """
    ended = 0
    for place, rule in enumerate(rules()[first:], first):
        began = time.monotonic()
        done, error, is_whole = 0, "", True
        if not rule.keep.by:
            try:
                done, is_whole = _end(
                    rule, at=at, by=by, batch=batch, most=most, is_enough=is_enough
                )
            except DatabaseError as fault:
                error = f"{type(fault).__name__}: {fault}"[:300]
                log.warning("retention_failed", table=rule.table, error=type(fault).__name__)
        with scope_of(by):
            left = overdue(rule, at)[: most + 1].count()
        report(rule, done=done, left=left, error=error, began=began, at=at, by=by)
        ended += done
        if not is_whole:
            return Portion(ended, place)
        if is_enough() and place + 1 < len(rules()):
            return Portion(ended, place + 1)
    return Portion(ended, None)


def _end(
    rule: Rule, *, at: datetime, by: Actor, batch: int, most: int, is_enough: Callable[[], bool]
) -> tuple[int, bool]:
    """How many rows ended, and whether nothing of this night is left to do."""
    done, after = 0, None
    while done < most:
        # Behind the last one looked at: rows that others still need stand first every night.
        found = end_batch(rule, at=at, after=after, limit=min(batch, most - done), by=by)
        done, after = done + found.ended, found.last
        if after is None:
            return done, True
        if is_enough():
            return done, False
    return done, True


@action
def report(
    rule: Rule, *, done: int, left: int, error: str, began: float, at: datetime, by: Actor
) -> None:
    """One line of the night, for HQ. A night in which nothing was due writes none."""
    if not (done or left or error):
        return
    if left and not error:
        error = f"由 {rule.keep.by} 处理" if rule.keep.by else _WAITS
    RetentionReport.objects.create(
        table=rule.table,
        rule=rule.words[:200],
        at=at,
        done=done,
        left=left,
        error=error[:300],
        took_ms=int((time.monotonic() - began) * 1000),
    )


def graded(privacy: Privacy, grades: set[Grade]) -> list[str]:
    """The fields of these grades, in the order in which they are declared."""
    return [name for name, grade in privacy.grades.items() if grade in grades]
