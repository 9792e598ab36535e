"""The table of API paths, and what a handler is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any, TypeVar

from starlette.datastructures import FormData
from starlette.responses import Response

from wecom.sandbox.world import World

from .errors import ApiError

Answer = dict[str, Any] | Response


@dataclass
class Call:
    """One API call, its application already known from the token."""

    world: World
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    ip: str = ""
    range: str = ""
    broken_json: bool = False
    app_row: Row | None = None
    form: FormData = field(default_factory=FormData)

    @property
    def app(self) -> Row:
        """The application whose token was used."""
        if self.app_row is None:
            raise ApiError(41001)
        return self.app_row


Handler = Callable[[Call], Answer] | Callable[[Call], Awaitable[Answer]]
HandlerT = TypeVar("HandlerT", bound=Handler)


@dataclass(frozen=True)
class Endpoint:
    """A handler and what it needs: a token, the customer-contact permission."""

    handler: Handler
    token: bool = True
    contacts: bool = False


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    path: str, *, token: bool = True, contacts: bool = False
) -> Callable[[HandlerT], HandlerT]:
    """Register a handler under a path below /cgi-bin/."""

    def register(handler: HandlerT) -> HandlerT:
        ENDPOINTS[path] = Endpoint(handler, token=token, contacts=contacts)
        return handler

    return register
