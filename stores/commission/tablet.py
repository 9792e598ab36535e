"""提成 on the iPad: what this month comes to so far, what past months paid, from which lines."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kit.actions import scope_of
from kit.actor import Actor
from stores.commission.explaining import plan_in_words
from stores.commission.queries import house_zone, own_payslip, own_payslips, running_slip
from stores.commission.rules import Month
from stores.commission.slips import SlipReceipt, receipts_of, receipts_so_far
from stores.org.models import Guide
from stores.tablet.doors import guide_page


@require_safe
@guide_page
def payslips(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """A guide's own months, the running one first; nobody else's."""
    month = Month.of(timezone.now(), house_zone())
    with scope_of(actor):
        slip, plan = running_slip(guide, month)
        context = {
            "month": month,
            "slip": slip,
            "plan": plan,
            "in_words": plan_in_words(plan.terms) if plan else "",
            "past": own_payslips(guide.pk),
            **_page(request, *receipts_so_far(guide, month, _asked(request))),
        }
        return render(request, "commission/payslips.html", context)


@require_safe
@guide_page
def payslip(
    request: HttpRequest, guide: Guide, actor: Actor, year: int, month: int
) -> HttpResponse:
    """One settled month, down to its receipts; what is not hers is not there."""
    with scope_of(actor):
        found = own_payslip(guide.pk, year, month)
        if found is None:
            raise Http404
        settled = found.settlement
        context = {
            "slip": found,
            "in_words": plan_in_words(settled.plan.terms),
            **_page(request, *receipts_of(settled, guide, _asked(request))),
        }
        return render(request, "commission/payslip.html", context)


def _asked(request: HttpRequest) -> int:
    asked = request.GET.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0


def _page(request: HttpRequest, receipts: list[SlipReceipt], more: bool) -> dict[str, Any]:  # noqa: FBT001
    """A page of receipts, and the addresses of those beside it; empty where there is none."""
    page = _asked(request)
    return {
        "receipts": receipts,
        "newer": f"?page={page - 1}#receipts" if page else "",
        "older": f"?page={page + 1}#receipts" if more else "",
    }
