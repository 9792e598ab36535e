"""Products, words that are watched, and rule groups: what HQ sets up at WeCom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the album that guides send from; the price in cents (分)."""

    product_id: str
    number: str
    description: str
    price_cents: int
    created_at: datetime | None
    media_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Some products; `next_cursor` is empty at the end."""

    rows: tuple[Product, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class WatchedWords:
    """A rule against words (敏感词): `semantics` are phone, mail, red_packet; `blocks` or warns."""

    rule_id: str
    name: str
    words: tuple[str, ...]
    semantics: tuple[str, ...]
    blocks: bool
    userids: tuple[str, ...]
    department_ids: tuple[int, ...]
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """A rule group (规则组): who may do what with customers; `rights` are WeCom's own names."""

    strategy_id: int
    parent_id: int
    name: str
    admin_userids: tuple[str, ...]
    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleGroupRange:
    """Whom a rule group covers."""

    userids: tuple[str, ...]
    department_ids: tuple[int, ...]
