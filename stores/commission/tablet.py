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
from stores.commission.queries import house_zone, own_payslips, payslips_of_month, running_slip
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
            **_page(_asked(request), "", *receipts_so_far(guide, month, _asked(request))),
        }
        return render(request, "commission/payslips.html", context)


@require_safe
@guide_page
def payslip(
    request: HttpRequest, guide: Guide, actor: Actor, year: int, month: int
) -> HttpResponse:
    """One settled month, down to its receipts; what is not hers is not there.

    With two payslips of the month `?of=` chooses, the newer one stands without.
    """
    with scope_of(actor):
        slips = payslips_of_month(guide.pk, year, month)
        if not slips:
            raise Http404
        asked = request.GET.get("of", "")
        found = next((one for one in slips if one.of == asked), slips[0])
        settled = found.settlement
        kept = f"of={found.of}&" if len(slips) > 1 else ""
        context = {
            "slip": found,
            "others": [one for one in slips if one is not found],
            "in_words": plan_in_words(settled.plan.terms),
            **_page(_asked(request), kept, *receipts_of(settled, guide, _asked(request))),
        }
        return render(request, "commission/payslip.html", context)


def _asked(request: HttpRequest) -> int:
    asked = request.GET.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0


def _page(page: int, kept: str, receipts: list[SlipReceipt], more: bool) -> dict[str, Any]:  # noqa: FBT001
    """A page of receipts, and the addresses of those beside it; empty where there is none."""
    return {
        "receipts": receipts,
        "newer": f"?{kept}page={page - 1}#receipts" if page else "",
        "older": f"?{kept}page={page + 1}#receipts" if more else "",
    }
