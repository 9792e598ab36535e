"""The iPad's library: what may be used now, in pictures."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from groups.content.models import Variant
from groups.content.pictures import cover_of
from groups.content.queries import usable_materials
from kit.actions import scope_of
from kit.actor import Actor
from stores.org.models import Guide
from stores.tablet.doors import guide_page


@require_GET
@guide_page
def materials(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Every approved material with its wording per tier."""
    with scope_of(actor):
        found = list(usable_materials(at=timezone.now())[:60])
        shown = [
            {"material": one, "cover": cover_of(one), "variants": list(one.variants.all())}
            for one in found
        ]
        return render(request, "content/materials.html", {"materials": shown})


@require_GET
@guide_page
def picture(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """The picture of a variant that is in use; others do not exist here."""
    with scope_of(actor):
        variant = (
            Variant.objects.filter(
                public_id=public_id, material__in=usable_materials(at=timezone.now())
            )
            .exclude(picture="")
            .first()
        )
    if variant is None:
        raise Http404
    # A material's picture is small (WeCom takes ten megabytes at most): read at once.
    with variant.picture.open("rb") as file:
        response = HttpResponse(file.read(), content_type=_type_of(variant))
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def _type_of(variant: Variant) -> str:
    # Never the type that a file's name claims: only what we accept at upload is served.
    return "image/png" if variant.picture.name.lower().endswith(".png") else "image/jpeg"
