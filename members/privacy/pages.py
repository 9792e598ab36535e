"""The two lists that anybody may read: what is collected, and who receives it."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from members.privacy.inventory import published, recipients
from stores.org.models import LegalEntity


@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Both lists, from the code's own catalogue and the register of recipients."""
    lines = published()
    context = {
        "tables": [
            (title, list(those)) for title, those in groupby(lines, key=lambda line: line.title)
        ],
        "recipients": recipients(),
        "entities": LegalEntity.objects.order_by("pk"),
    }
    return render(request, "privacy/lists.html", context)
