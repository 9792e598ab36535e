"""业绩 on the iPad: what stands behind the numbers, down to the receipts (the numbers: figures)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import read_id, shown_id
from stores.catalogue.models import Product
from stores.conversions.access import (
    Subject,
    credits_of_receipt,
    refunds_behind,
    subject_for,
)
from stores.conversions.faces import FacesOf
from stores.conversions.periods import Week, read_week
from stores.conversions.queries import (
    BUYERS,
    CLOSED,
    FUNNEL,
    PAGE,
    RETURNING,
    people_behind,
    receipts_behind,
)
from stores.conversions.reasons import reasons_for
from stores.org.models import Guide
from stores.tablet.doors import guide_page

_LISTS = {"": "归属的订单", BUYERS: "下单的会员", RETURNING: "复购的会员", CLOSED: "闭店后的订单"}


@require_safe
@guide_page
def people(request: HttpRequest, guide: Guide, actor: Actor, kind: str) -> HttpResponse:
    """Who was touched in the week, by one kind of touch."""
    title = {str(step): title for step, title in FUNNEL}.get(kind)
    if title is None:
        raise Http404
    with scope_of(actor):
        subject, week = asked_for(request, guide)
        page = _page(request)
        touches = people_behind(subject, week, kind, page=page)
        faces = FacesOf([touch.member_no for touch in touches])
        guides = _guides({touch.guide_no for touch in touches})
        context = {
            **frame_of(request, guide, subject, week),
            "title": title,
            "rows": [
                {
                    "at": touch.at,
                    "face": faces[touch.member_no] if touch.member_no else None,
                    "guide": guides.get(touch.guide_no or 0),
                }
                for touch in touches[:PAGE]
            ],
            **_pages(request, page, more=len(touches) > PAGE),
        }
        return render(request, "figures/people.html", context)


@require_safe
@guide_page
def credits(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The receipts behind the sales of the week."""
    only = request.GET.get("only", "")
    if only not in _LISTS:
        raise Http404
    with scope_of(actor):
        subject, week = asked_for(request, guide)
        page = _page(request)
        receipts = receipts_behind(subject, week, only, page=page)
        faces = FacesOf([row["member_no"] for row in receipts])
        names = _products({sku for row in receipts for sku in row["skus"]})
        context = {
            **frame_of(request, guide, subject, week),
            "title": _LISTS[only],
            "rows": [
                {
                    **row,
                    "face": faces[row["member_no"]],
                    "things": [names.get(sku, sku) for sku in row["skus"]],
                }
                for row in receipts[:PAGE]
            ],
            **_pages(request, page, more=len(receipts) > PAGE),
        }
        return render(request, "figures/credits.html", context)


@require_safe
@guide_page
def receipt(
    request: HttpRequest, guide: Guide, actor: Actor, source: str, receipt_no: str
) -> HttpResponse:
    """One receipt: what was credited to whom, why, and what was taken back since."""
    with scope_of(actor):
        found = credits_of_receipt(source, receipt_no)
        refunds = refunds_behind(found)
        guides = _guides({credit.guide_no for credit in [*found, *refunds]})
        names = _products({credit.sku for credit in found})
        lines = {credit.line: (credit, names.get(credit.sku, credit.sku)) for credit in found}
        context = {
            "receipt_no": receipt_no,
            "at": found[0].sold_at,
            "face": FacesOf([found[0].member_no])[found[0].member_no],
            "is_refund": bool(found[0].refund_of),
            "refund_of": found[0].refund_of.rpartition("/")[0],
            "source": source,
            "total": sum(credit.amount for credit in found),
            "whose": "你" if {credit.guide_no for credit in found} == {guide.pk} else "导购",
            "lines": [lines[number] for number in sorted(lines)],
            "reasons": reasons_for(found, looker=guide.pk, guides=guides),
            "refunds": [(each, each.refund_of.rpartition("/")[2]) for each in refunds],
            "guides": guides,
        }
        return render(request, "figures/receipt.html", context)


def asked_for(request: HttpRequest, guide: Guide) -> tuple[Subject, Week]:
    """Whose week an address asks for. Raises Http404 for whom the guide does not answer."""
    asked = request.GET.get("of", "")
    try:
        subject = subject_for(guide, read_id(asked) if asked else None)
    except ValueError as error:
        raise Http404 from error
    zone = ZoneInfo(guide.store.time_zone)
    return subject, read_week(request.GET.get("week", ""), timezone.now(), zone)


def frame_of(request: HttpRequest, guide: Guide, subject: Subject, week: Week) -> dict[str, Any]:
    """What every list repeats: whose, which week, and the addresses that keep both."""
    this = Week.of(timezone.now(), week.zone)
    words = {0: "本周", 1: "上周"}
    weeks_ago = (this.monday - week.monday).days // 7
    return {
        "subject": subject,
        "is_own": subject.guide_no == guide.pk,
        "week": week,
        "week_word": words.get(weeks_ago, "那一周"),
        "is_this_week": weeks_ago == 0,
        "kept": _query(request, page=None, only=None),
        "earlier": _query(request, week=week.back(1).monday.isoformat(), page=None, only=None),
        "later": _query(request, week=week.back(-1).monday.isoformat(), page=None, only=None),
    }


def list_behind(request: HttpRequest, key: str) -> str:
    """The address of the list behind a number, for the same guide and week."""
    if key in _LISTS:
        terms = _query(request, only=key or None, page=None)
        return f"/tablet/figures/credits/{terms}"
    return f"/tablet/figures/people/{key}/{_query(request, only=None, page=None)}"


def choice_of(request: HttpRequest, guide: Guide) -> dict[str, Any]:
    """One of those whose figures a manager may choose."""
    shown = shown_id(guide.public_id)
    return {
        "name": guide.name,
        "href": _query(request, of=shown, page=None),
        "is_current": request.GET.get("of") == shown,
    }


def _query(request: HttpRequest, **changes: str | None) -> str:
    """The address's own terms with changes, beginning with a question mark; known ones only."""
    kept = {key: request.GET[key] for key in ("of", "week", "only", "page") if key in request.GET}
    kept.update({key: value for key, value in changes.items() if value is not None})
    for key, value in changes.items():
        if value is None:
            kept.pop(key, None)
    return f"?{urlencode(kept)}" if kept else ""


def _page(request: HttpRequest) -> int:
    asked = request.GET.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0


def _pages(request: HttpRequest, page: int, *, more: bool) -> dict[str, Any]:
    return {
        "newer": _query(request, page=str(page - 1)) if page else "",
        "older": _query(request, page=str(page + 1)) if more else "",
    }


def _guides(numbers: set[int | None]) -> dict[int, str]:
    return dict(Guide.objects.filter(pk__in=numbers - {None}).values_list("pk", "name"))


def _products(skus: set[str]) -> dict[str, str]:
    return dict(Product.objects.filter(sku__in=skus).values_list("sku", "name"))
