"""The front of the house: three doors, and in a demo a tour of two minutes."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def doors(request: HttpRequest) -> HttpResponse:
    """Guide, member, HQ. Logins are shown in a demo only."""
    demo = settings.DEMO_LOGINS if settings.DEMO else None
    return render(request, "front/doors.html", {"demo": demo})
