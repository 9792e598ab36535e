"""What every chapter of calls stands on: which secret asks, answers read, pages followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wecom.gateway.answers import Answer
from wecom.gateway.client import Calls, Client


class Chapter(Calls):
    """Asking and changing in our words. Raises WecomError and nothing else for what WeCom does."""

    def _ask(self, api: str, asked: Mapping[str, Any] | None = None, **params: Any) -> Answer:
        """Read; `asked` makes it a POST."""
        json = None if asked is None else dict(asked)
        return Answer(self._who(api).read(api, json=json, **params), api)

    def _change(self, api: str, asked: Mapping[str, Any]) -> Answer:
        """Write, once. An Unintelligible answer may have taken effect, as a Silent one."""
        return Answer(self._who(api).write(api, dict(asked)), api)

    def _pages(
        self, api: str, asked: Mapping[str, Any], *, by_query: bool = False
    ) -> Iterator[Answer]:
        """Every page of a list. Ends when WeCom gives no cursor, or one it gave before."""
        cursor, known = "", set[str]()
        while cursor not in known:
            known.add(cursor)
            question = {**asked, "cursor": cursor} if cursor else dict(asked)
            page = self._ask(api, **question) if by_query else self._ask(api, question)
            yield page
            cursor = page.text("next_cursor")
            if not cursor:
                return

    def _who(self, api: str) -> Client:
        """The client whose secret may ask this."""
        return self._contacts if api.startswith("externalcontact/") else self._client


def given(**fields: Any) -> dict[str, Any]:
    """Only the fields that are not None: what is not named stays as it is at WeCom."""
    return {name: value for name, value in fields.items() if value is not None}
