"""Calls about what HQ sets up at WeCom: products, watched words, rule groups (规则组)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.types import (
    Product,
    ProductPage,
    RuleGroup,
    RuleGroupRange,
    WatchedWords,
)

_SEMANTICS: Final = {1: "phone", 2: "mail", 3: "red_packet"}
_SEMANTIC_NUMBERS: Final = {word: number for number, word in _SEMANTICS.items()}


class SettingUpCalls(Chapter):
    """Products and watched words can be changed; rule groups are read only."""

    def products(self, cursor: str = "") -> ProductPage:
        """Some of the album's products, a hundred at a time."""
        asked = {"limit": 100, "cursor": cursor}
        page = self._ask("externalcontact/get_product_album_list", asked)
        return ProductPage(page.rows("product_list", _product), page.text("next_cursor"))

    def product(self, product_id: str) -> Product:
        """One product."""
        found = self._ask("externalcontact/get_product_album", {"product_id": product_id})
        return _product(found.part("product"))

    def create_product(
        self, description: str, price_cents: int, media_ids: Sequence[str], number: str = ""
    ) -> str:
        """A new product with one to nine pictures of `upload_attachment`, and its id."""
        api = "externalcontact/add_product_album"
        asked = _product_fields(api, description, price_cents, media_ids, number)
        return self._change(api, asked).key("product_id")

    def update_product(
        self,
        product_id: str,
        *,
        description: str | None = None,
        price_cents: int | None = None,
        media_ids: Sequence[str] | None = None,
        number: str | None = None,
    ) -> None:
        """Change a product; what is None stays, pictures are replaced as a whole."""
        api = "externalcontact/update_product_album"
        changed = _product_fields(api, description, price_cents, media_ids, number)
        self._change(api, {"product_id": product_id, **changed})

    def delete_product(self, product_id: str) -> None:
        """Remove a product; messages that carried it keep it."""
        self._change("externalcontact/delete_product_album", {"product_id": product_id})

    def watched_words_rules(self) -> list[str]:
        """The ids of all rules against words."""
        found = self._ask("externalcontact/get_intercept_rule_list")
        return list(found.rows("rule_list", lambda row: row.key("rule_id")))

    def watched_words(self, rule_id: str) -> WatchedWords:
        """One rule with its words and whom it binds."""
        found = self._ask("externalcontact/get_intercept_rule", {"rule_id": rule_id})
        return _watched_words(found.part("rule"), rule_id)

    def create_watched_words(
        self,
        name: str,
        words: Sequence[str],
        *,
        semantics: Sequence[str] = (),
        blocks: bool = True,
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
    ) -> str:
        """A rule that blocks or warns when a guide writes one of these words, and its id."""
        api = "externalcontact/add_intercept_rule"
        Bounds(api).some("导购与部门", userids, department_ids)
        asked = _words_fields(api, name, words, semantics, blocks=blocks)
        whom = {"user_list": list(userids), "department_list": list(department_ids)}
        return self._change(api, {**asked, "applicable_range": whom}).key("rule_id")

    def update_watched_words(
        self,
        rule_id: str,
        name: str,
        words: Sequence[str],
        *,
        semantics: Sequence[str] = (),
        blocks: bool = True,
    ) -> None:
        """Replace name, words and consequence of a rule; whom it binds stays."""
        api = "externalcontact/update_intercept_rule"
        asked = _words_fields(api, name, words, semantics, blocks=blocks)
        # An update nests what is found in the text, a creation does not (document 95097).
        asked["extra_rule"] = {"semantics_list": asked.pop("semantics_list")}
        self._change(api, {"rule_id": rule_id, **asked})

    def delete_watched_words(self, rule_id: str) -> None:
        """Remove a rule."""
        self._change("externalcontact/del_intercept_rule", {"rule_id": rule_id})

    def rule_group_ids(self, *, of_moments: bool = False) -> list[int]:
        """The ids of the rule groups for customers, or of those for moments."""
        pages = self._pages(f"{_strategies(of_moments)}/list", {"limit": 1000})
        return [
            found
            for page in pages
            for found in page.rows("strategy", lambda row: row.number("strategy_id"))
        ]

    def rule_group(self, strategy_id: int, *, of_moments: bool = False) -> RuleGroup:
        """One rule group with what it allows."""
        found = self._ask(f"{_strategies(of_moments)}/get", {"strategy_id": strategy_id})
        group = found.part("strategy")
        rights = group.part("privilege")
        return RuleGroup(
            strategy_id=group.number("strategy_id", strategy_id),
            parent_id=group.number("parent_id"),
            name=group.text("strategy_name"),
            admin_userids=group.userids("admin_list"),
            rights=tuple(sorted(name for name in rights.raw() if rights.flag(name))),
        )

    def rule_group_range(self, strategy_id: int, *, of_moments: bool = False) -> RuleGroupRange:
        """Whom a rule group covers."""
        asked = {"strategy_id": strategy_id, "limit": 1000}
        rows = [
            found
            for page in self._pages(f"{_strategies(of_moments)}/get_range", asked)
            for found in page.rows("range", lambda row: (row.text("userid"), row.number("partyid")))
        ]
        return RuleGroupRange(
            userids=tuple(userid.lower() for userid, _ in rows if userid),
            department_ids=tuple(department for _, department in rows if department),
        )


def _strategies(of_moments: bool) -> str:  # noqa: FBT001
    return f"externalcontact/{'moment' if of_moments else 'customer'}_strategy"


def _product_fields(
    api: str,
    description: str | None,
    price_cents: int | None,
    media_ids: Sequence[str] | None,
    number: str | None,
) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.characters("商品描述", description, 300, least=1)
    bounds.octets("商品编码", number, 128)
    bounds.count("商品图片", media_ids, 9, least=1)
    if price_cents is not None and not 0 <= price_cents <= 5_000_000:
        bounds.refuse("商品价格应为 0～50000 元")
    pictures = [{"type": "image", "image": {"media_id": one}} for one in media_ids or ()]
    return given(
        description=description,
        price=price_cents,
        product_sn=number or None,
        attachments=pictures or None,
    )


def _product(row: Answer) -> Product:
    return Product(
        product_id=row.key("product_id"),
        number=row.text("product_sn"),
        description=row.text("description"),
        price_cents=row.number("price"),
        created_at=row.at_or_none("create_time"),
        media_ids=row.rows("attachments", lambda one: one.part("image").text("media_id")),
    )


def _words_fields(
    api: str, name: str, words: Sequence[str], semantics: Sequence[str], *, blocks: bool
) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.characters("规则名称", name, 20, least=1)
    bounds.count("敏感词", words, 300, least=1)
    for word in words:
        bounds.characters("敏感词", word, 32, least=1)
    for one in semantics:
        bounds.one_of("敏感内容", one, _SEMANTIC_NUMBERS)
    return {
        "rule_name": name,
        "word_list": list(words),
        "semantics_list": [_SEMANTIC_NUMBERS[one] for one in semantics],
        "intercept_type": 1 if blocks else 2,
    }


def _watched_words(rule: Answer, rule_id: str) -> WatchedWords:
    whom = rule.part("applicable_range")
    numbers = rule.numbers("semantics_list") or rule.part("extra_rule").numbers("semantics_list")
    return WatchedWords(
        rule_id=rule.text("rule_id") or rule_id,
        name=rule.text("rule_name"),
        words=rule.texts("word_list"),
        semantics=tuple(_SEMANTICS[one] for one in numbers if one in _SEMANTICS),
        blocks=rule.number("intercept_type", 1) == 1,
        userids=whom.userids("user_list"),
        department_ids=whom.numbers("department_list"),
        created_at=rule.at_or_none("create_time"),
    )
