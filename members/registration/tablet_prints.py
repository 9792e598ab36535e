"""「打印我的码」: the guide's own codes as sheets or pictures, and what she printed before."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.registration.drawing import LAYOUTS, NoFont, png_of, svg_of
from members.registration.errors import RegistrationError
from members.registration.models import ChannelCode
from members.registration.models_of_codes import PrintBatch
from members.registration.printing import (
    batches_of_account,
    face_of_code,
    order_prints,
    record_single,
)
from members.registration.queries import codes_of
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next

_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def prints(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Which codes, which paper, how many; below what was printed before."""
    with scope_of(actor):
        codes = list(codes_of(guide))
        batches = list(batches_of_account(guide.account_id)[:20])
    if request.method != "POST":
        context = {
            "codes": codes,
            "layouts": LAYOUTS.items(),
            "batches": batches,
            "kinds": _names(),
        }
        return render(request, "registration/prints.html", context)
    chosen = set(request.POST.getlist("code"))
    hers = [code.pk for code in codes if str(code.pk) in chosen]
    copies = request.POST.get("copies", "1")
    try:
        made = order_prints(
            hers,
            layout=request.POST.get("layout", ""),
            copies=int(copies) if copies.isascii() and copies.isdigit() else 1,
            account_id=guide.account_id,
            by=actor,
        )
    except RegistrationError as fault:
        toast_next(request, str(fault))
        return redirect("tablet-prints")
    return redirect("tablet-print", public_id=made[0].public_id)


@require_safe
@guide_page
def one_print(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """How far the drawing is, then the file."""
    batch = _hers(guide, actor, public_id)
    context = {"batch": batch, "layout": _names().get(batch.layout, batch.layout)}
    return render(request, "registration/print.html", context)


@require_safe
@guide_page
def print_file(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """The sheets as PDF; gone after a week."""
    batch = _hers(guide, actor, public_id, with_file=True)
    if batch.pdf is None:
        raise Http404
    return as_file(bytes(batch.pdf), "application/pdf", f"codes-{batch.made_at:%Y%m%d}.pdf")


@require_safe
@guide_page
def code_picture(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID, kind: str
) -> HttpResponse:
    """One code as a picture; taking it is written down as a print."""
    with scope_of(actor):
        code = codes_of(guide).filter(public_id=public_id).select_related("guide", "store").first()
    if code is None or kind not in _TYPES:
        raise Http404
    try:
        picture = picture_of(code, kind)
    except NoFont as fault:
        return HttpResponse(
            str(fault.__doc__), status=503, content_type="text/plain; charset=utf-8"
        )
    record_single(code.pk, kind=kind, account_id=guide.account_id, by=actor)
    return as_file(picture, _TYPES[kind], f"code-{code.scene}.{kind}")


def picture_of(code: ChannelCode, kind: str) -> bytes:
    """The bare code as SVG, or a card as PNG."""
    face = face_of_code(code)
    return svg_of(face) if kind == "svg" else png_of(face)


def as_file(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _hers(
    guide: Guide, actor: Actor, public_id: uuid.UUID, *, with_file: bool = False
) -> PrintBatch:
    with scope_of(actor):
        found = PrintBatch.objects.filter(public_id=public_id, made_by=guide.account_id)
        batch = (found if with_file else found.defer("pdf")).first()
    if batch is None:
        raise Http404
    return batch


def _names() -> dict[str, str]:
    return {
        **{key: layout.name for key, layout in LAYOUTS.items()},
        "png": "图片（PNG）",
        "svg": "矢量图（SVG）",
    }
