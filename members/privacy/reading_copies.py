"""A copy as its reader sees it: words for names, days as people write them, choices by their names.

What a program gets (`copies.document_of`) keeps the names and values of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from members.consent.models import Purpose
from members.identity.models import Member
from members.privacy.copies import Part
from members.privacy.emitters import EMITTERS
from members.privacy.exporting import sources
from members.privacy.inventory import named, title_of
from members.privacy.retaining import own_models
from members.privacy.rules import REASONS

Line = Sequence[tuple[str, str]]
# What she ticked is kept by purpose.
_PURPOSES: Mapping[str, str] = {value: str(label) for value, label in Purpose.choices}
_BY_WHOM: Mapping[str, str] = {
    "customer": "您自己", "guide": "导购", "transfer": "换了导购", "unknown": "企业微信没有说明",
}  # fmt: skip
# Columns whose values are our own words and have no list of choices beside them.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "stores.ownership.reason": {
        "registration": "扫导购的码入会", "friend": "加了导购的企业微信",
        "assigned": "按购买和到店分配", "handover": "原来的导购离开，由同事接手",
        "her_wish": "您自己换的", "import": "由旧系统导入",
        "merge": "两份会员资料合并", "merge_undone": "撤销合并",
    },
    "members.contact.joined_by": {"unionid": "微信账号相同", "confirmed": "导购问过您"},
    "members.friendship.ended_by": _BY_WHOM,
    "members.accesslog.reason": REASONS,
    "members.accesslog.fields": {"phone": "手机号"},
    "members.disclosure.what": {name: one.words for name, one in EMITTERS.items()},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One kind of what is kept: how it is called, and its rows as pairs of words."""

    title: str
    rows: Sequence[Line]


def pages_of(parts: Sequence[Part]) -> list[Page]:
    """Every part, in the same order; a row that repeats the one before is told once."""
    tables = {model._meta.label_lower: model for model, _ in own_models()}
    return [_page(part, tables[part.table]) for part in parts]


def _page(part: Part, model: type[models.Model]) -> Page:
    rows: list[Line] = []
    for row in part.rows:
        line = list(_line(row, model))
        if line and (not rows or rows[-1] != line):
            rows.append(line)
    title = part.title if not part.title.isascii() else title_of(model)
    return Page(title, rows)


def _line(row: Mapping[str, Any], model: type[models.Model]) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if value is None or value in ("", [], {}):
            continue
        field = _field(model, name)
        label = name if field is None else named(field)
        choices = {} if field is None else dict(field.flatchoices)
        yield label, _said(value, choices or _words_of(model, name))


def _words_of(model: type[models.Model], name: str) -> Mapping[Any, Any]:
    column = f"{model._meta.label_lower}.{name}"
    return _kinds() if column == "members.disclosure.fields" else _WORDS.get(column, {})


@lru_cache(maxsize=1)
def _kinds() -> Mapping[str, str]:
    """What was given away, by what people call it: tables, columns of her record, of a list."""
    tables = {model._meta.label_lower: title_of(model) for model, _ in own_models()}
    record = {field.name: named(field) for field in Member._meta.concrete_fields}
    lists = {
        name: column.title for one in sources().values() for name, column in one.columns.items()
    }
    return {**lists, **record, **tables}


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any] | None:
    try:
        found = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, models.Field) else None


def _said(value: Any, choices: Mapping[Any, Any]) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        if value in choices:
            return str(choices[value])
        at = _moment(value)
        return value if at is None else timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Mapping):
        pairs = ((_PURPOSES.get(key, key), inner) for key, inner in value.items())
        return "，".join(f"{key}：{_said(inner, choices)}" for key, inner in pairs)
    if isinstance(value, list):
        return "、".join(_said(inner, choices) for inner in value)
    return str(choices.get(value, value))


def _moment(text: str) -> datetime | None:
    """A moment as `copies` writes it; nothing else has both a T and a zone."""
    if len(text) < 20 or text[10] != "T":
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None
