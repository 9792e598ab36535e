"""The house's addresses and one more: a template with nothing in it, through all layers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

_CONSTANT = engines["django"].from_string(
    "<!doctype html><title>constant</title>" + "<p>x</p>" * 25
)


def constant(request: HttpRequest) -> HttpResponse:
    """The same page to everybody, signed in or not."""
    return HttpResponse(_CONSTANT.render({}, request))


urlpatterns = [path("bench/constant/", constant), path("", include("config.urls"))]
