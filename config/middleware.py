"""What happens around every request: a log line without personal data, and HQ's row scope."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from config.meters import note_request
from kit.actions import scope_of_session
from stores.org.access import actor_of

log = structlog.get_logger("request")

Answer = Callable[[HttpRequest], HttpResponse]


class RequestLog:
    """One line per request: the route's pattern, never the address, which may hold tokens."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - begun
        match = request.resolver_match
        route = match.route if match else ""
        note_request(request.method or "", route, response.status_code, seconds)
        if not request.path.startswith(("/static/", "/healthz", "/readyz", "/metrics")):
            log.info(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000),
            )
        return response


class HeadOfficeScope:
    """The admin reads in many small transactions, so its scope is the session's for one request."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return self.get_response(request)
        with scope_of_session(actor_of(request.user)):
            response = self.get_response(request)
            # A TemplateResponse reads rows while it renders: render it before the scope ends.
            render = getattr(response, "render", None)
            if callable(render) and not getattr(response, "is_rendered", True):
                response = render()
        return response
