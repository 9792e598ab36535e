"""A WeCom that answers every API well, as `answers.py` says, unless a test changes an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from tests.wecom.gateway.answers import ANSWERS, FILE
from tests.wecom.gateway.unwell import Answer, Exchange, Unwell, an_unwell_wecom

# These give files, not JSON.
FILES = ("media/get", "msgaudit/mediadata")


class Well:
    """The server, and the answers it gives by now."""

    def __init__(self, server: Unwell) -> None:
        self.server = server
        self.answers: dict[str, dict[str, Any]] = {}
        self.restore()
        gettoken = server.answers["gettoken"]
        server.answers = {
            **{api: self._answer(api) for api in ANSWERS},
            **{api: lambda it: it.send(200, FILE) for api in FILES},
            "gettoken": gettoken,
        }

    def restore(self) -> None:
        """Answer everything well again."""
        self.answers = deepcopy(ANSWERS)

    def asked(self, api: str) -> dict[str, Any]:
        """The body of the last question, or its query for a GET; the token left out."""
        (*_, last) = [one for one in self.server.heard if one.api == api]
        query: dict[str, Any] = {**last.query}
        query.pop("access_token", None)
        return json.loads(last.body) if last.body.startswith(b"{") else query

    def _answer(self, api: str) -> Answer:
        def say(exchange: Exchange) -> None:
            exchange.say(**self.answers[api])

        return say


@contextmanager
def a_well_wecom() -> Iterator[Well]:
    """Listen on a free port until the test ends."""
    with an_unwell_wecom() as server:
        yield Well(server)
