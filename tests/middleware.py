"""Takes the test's own wide scope away while a request is served: a view must set its own."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kit.actions import set_session_scope
from kit.actor import EVERYTHING, NOTHING


class NothingInScope:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        set_session_scope(NOTHING)
        try:
            return self.get_response(request)
        finally:
            set_session_scope(EVERYTHING)
