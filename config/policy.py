"""The content policy of pages that are not ours to write: HQ's admin and the API's own pages.

django-unfold runs Alpine.js and styles inline, Swagger starts by an inline script. Everything else
keeps the strict policy of the settings.
"""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse

_FOREIGN = ("/admin/", "/api/docs/")
_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF, "data:"],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["frame-ancestors"],
    "base-uri": [NONE],
}


class HeadOfficePolicy:
    """Stands inside the policy's middleware and names another policy for those pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(_FOREIGN):
            response._csp_config = _POLICY  # type: ignore[attr-defined]
        return response
