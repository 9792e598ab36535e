"""A copy as its reader sees it: words for names, days as people write them, choices by their names.

What a program gets (`copies.document_of`) keeps the names and values of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from kit.money import CURRENCY, shown
from members.consent.models import Purpose
from members.identity.models import Member
from members.privacy.copies import Part
from members.privacy.emitters import EMITTERS
from members.privacy.exporting import sources
from members.privacy.inventory import named, title_of
from members.privacy.retaining import own_models
from members.privacy.rules import REASONS
from stores.catalogue.models import Product
from stores.org.models import Guide

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
    "members.identity.kind": {
        "unionid": "微信（UnionID）", "openid": "微信（OpenID）", "external_userid": "企业微信",
    },
    "members.contact.joined_by": {"unionid": "微信账号相同", "confirmed": "导购问过您"},
    "members.friendship.ended_by": _BY_WHOM,
    "members.accesslog.reason": REASONS,
    "members.accesslog.fields": {"phone": "手机号"},
    "members.disclosure.what": {name: one.words for name, one in EMITTERS.items()},
}  # fmt: skip
# Names that a room gives beside its columns.
_LABELS: Mapping[str, str] = {"reason": "原因", "because": "依据"}
# What points came from, by how its key begins.
_ORIGINS: Mapping[str, str] = {
    "line": "购物", "coupon": "优惠券", "adjustment": "积分调整", "outside": "外部系统",
    "import": "期初积分", "opening": "期初积分",
}  # fmt: skip
# Said by its row already: the amount names its currency, an entry stands under her own account.
_SAID_BY_ROW = frozenset({"stores.purchaseline.currency", "members.pointsentry.account"})
# Columns with a guide's WeCom userid.
_GUIDES = frozenset({"userid", "to"})
_MINOR = "（分）"
# Money whose column says only what it is.
_MONEY = frozenset({"members.memberstage.repeat_minor"})
_SHARES = frozenset({"members.memberstage.p_alive"})


@dataclass(frozen=True, slots=True)
class Page:
    """One kind of what is kept: how it is called, and its rows as pairs of words."""

    title: str
    rows: Sequence[Line]


def pages_of(parts: Sequence[Part]) -> list[Page]:
    """Every part, in the same order; a row that repeats the one before is told once."""
    tables = {model._meta.label_lower: model for model, _ in own_models()}
    names = _names_of(parts)
    return [_page(part, tables[part.table], names) for part in parts]


def _names_of(parts: Sequence[Part]) -> Mapping[str, Mapping[str, str]]:
    """Products by their article numbers, guides by their WeCom userids, each asked for once."""
    skus = {row["sku"] for part in parts for row in part.rows if row.get("sku")}
    userids = {row[name] for part in parts for row in part.rows for name in _GUIDES & row.keys()}
    products = Product.objects.filter(sku__in=skus).values_list("sku", "name")
    guides = Guide.objects.filter(wecom_userid__in=userids).values_list("wecom_userid", "name")
    of_guides = {str(userid): name for userid, name in guides} if userids else {}
    return {
        "sku": {sku: f"{name}（{sku}）" for sku, name in products} if skus else {},
        **dict.fromkeys(_GUIDES, of_guides),
    }


def _page(part: Part, model: type[models.Model], names: Mapping[str, Mapping[str, str]]) -> Page:
    rows: list[Line] = []
    for row in part.rows:
        line = list(_line(row, model, names))
        if line and (not rows or rows[-1] != line):
            rows.append(line)
    title = part.title if not part.title.isascii() else title_of(model)
    return Page(title, rows)


def _line(
    row: Mapping[str, Any], model: type[models.Model], names: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str]]:
    currency = str(row.get("currency") or CURRENCY)
    for name, value in row.items():
        column = f"{model._meta.label_lower}.{name}"
        if value is None or value in ("", [], {}) or column in _SAID_BY_ROW:
            continue
        field = _field(model, name)
        label = _LABELS.get(name, name) if field is None else named(field)
        if isinstance(value, int) and (label.endswith(_MINOR) or column in _MONEY):
            yield label.removesuffix(_MINOR), shown(value, currency)
        elif isinstance(value, float):
            yield label, f"{value:.0%}" if column in _SHARES else f"{value:.1f}"
        elif column == "members.pointsentry.source":
            yield label, _ORIGINS.get(str(value).partition(":")[0], str(value))
        elif isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
            yield label, _day(date.fromisoformat(value))
        else:
            choices = {} if field is None else dict(field.flatchoices)
            words = {**choices, **_words_of(model, name), **names.get(name, {})}
            yield label, _said(value, words)


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
        return value if at is None else _spoken(timezone.localtime(at))
    if isinstance(value, Mapping):
        pairs = ((_PURPOSES.get(key, key), inner) for key, inner in value.items())
        return "，".join(f"{key}：{_said(inner, choices)}" for key, inner in pairs)
    if isinstance(value, list):
        return "、".join(_said(inner, choices) for inner in value)
    return str(choices.get(value, value))


def _day(on: date) -> str:
    return f"{on.year} 年 {on.month} 月 {on.day} 日"


def _spoken(at: datetime) -> str:
    return f"{_day(at.date())} {at:%H:%M}"


def _moment(text: str) -> datetime | None:
    """A moment as `copies` writes it; nothing else has both a T and a zone."""
    if len(text) < 20 or text[10] != "T":
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None
