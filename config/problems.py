"""API errors as RFC 9457 problems: `type`, `title`, `status`, `detail`, and the fields at fault."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn DRF's and Django's exceptions into problems; others stay server errors."""
    response = exception_handler(error, context)
    if response is None:
        return None
    code = getattr(error, "default_code", "error")
    problem: dict[str, Any] = {
        "type": f"/api/problems/{code}",
        "title": getattr(error, "default_detail", "Error"),
        "status": response.status_code,
    }
    if isinstance(error, exceptions.ValidationError):
        problem["title"] = "请求内容有误"
        problem["errors"] = response.data
    else:
        problem["detail"] = (
            response.data.get("detail", "") if isinstance(response.data, dict) else ""
        )
    response.data = problem
    response.content_type = "application/problem+json"
    return response
