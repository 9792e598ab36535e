"""HQ's start page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the template its pictures and lists."""
    return context
