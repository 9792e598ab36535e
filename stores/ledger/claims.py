"""Who a till's customer is: asked of a floor above, by the dotted path in the settings.

The ledger knows member numbers only; which number a card, a phone or a WeCom contact leads to is
known by `settings.MEMBER_RESOLVER`. Without one every claim is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class Resolver(Protocol):
    """`claim` has one of `card`, `phone`, `external_userid`; None when it leads to nobody."""

    def __call__(self, claim: dict[str, str], *, entity_id: int) -> int | None: ...


class Claims:
    """Resolves claims within a scope that the caller set; asks once for each of a request."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int], int | None] = {}

    def member_no_of(self, claim: Mapping[str, str], *, entity_id: int) -> int | None:
        """The number that the claim leads to in this legal entity, or None."""
        if not claim or not settings.MEMBER_RESOLVER:
            return None
        kind, value = next(iter(claim.items()))
        key = (kind, value, entity_id)
        if key not in self._known:
            resolve = cast(Resolver, import_string(settings.MEMBER_RESOLVER))
            self._known[key] = resolve(dict(claim), entity_id=entity_id)
        return self._known[key]
