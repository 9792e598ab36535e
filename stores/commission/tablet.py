"""提成 on the iPad: what this month comes to so far, what past months paid, from which lines."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kit.actions import scope_of
from kit.actor import Actor
from stores.commission.explaining import plan_in_words
from stores.commission.models import SettledLine
from stores.commission.queries import house_zone, own_payslip, own_payslips, running_slip
from stores.commission.rules import Month
from stores.org.models import Guide
from stores.tablet.doors import guide_page

_MOST_LINES: Final = 100


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
        lines = SettledLine.objects.filter(settlement=settled, guide_no=guide.pk)
        context = {
            "slip": found,
            "in_words": plan_in_words(settled.plan.terms),
            "lines": lines.order_by("is_adjustment", "-sold_at", "pk")[:_MOST_LINES],
            "more": max(0, lines.count() - _MOST_LINES),
        }
        return render(request, "commission/payslip.html", context)
