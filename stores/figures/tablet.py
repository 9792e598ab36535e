"""业绩 on the iPad: the week's sums; and 「分目标」, the store's target in parts."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from stores.commission.actions import split_target
from stores.commission.queries import house_zone
from stores.commission.rules import Month
from stores.conversions.access import colleagues_of
from stores.conversions.queries import CLOSED
from stores.conversions.tablet import asked_for, choice_of, frame_of, list_behind
from stores.figures.targets import SplitTarget, people_of, split_of
from stores.figures.weeks import figures_of, pictures_of
from stores.ledger.models import TouchKind
from stores.org.access import answers_for
from stores.org.models import Guide, Role, Store
from stores.tablet.doors import guide_page, toast_next

# In yuan; more than any guide sells in a month.
_MOST = 100_000_000


@require_safe
@guide_page
def figures(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The week in sentences, pictures and the funnel; for a manager of whom she chooses."""
    with scope_of(actor):
        subject, week = asked_for(request, guide)
        found = figures_of(subject, week)
        context = {
            **frame_of(request, guide, subject, week),
            "figures": found,
            "sales_href": list_behind(request, ""),
            "closed_href": list_behind(request, CLOSED),
            "newcomers_href": list_behind(request, TouchKind.REGISTRATION),
            "pictures": [(each, list_behind(request, each.key)) for each in pictures_of(found)],
            "rungs": [(each, list_behind(request, each.key)) for each in found.rungs],
            "widest": max((rung.count for rung in found.rungs), default=0),
            "colleagues": [choice_of(request, other) for other in colleagues_of(guide)],
        }
        return render(request, "sums/week.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def targets(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The parts of a month: as they stand or are suggested, as typed, and saved.

    For who answers for the store; a guide gets 404. Typed parts are shown over the past months
    before anything is written.
    """
    terms = request.POST if request.method == "POST" else request.GET
    with scope_of(actor):
        store = _store(terms.get("store", ""), guide, actor)
        month = _month(terms.get("month", ""))
        said = _said(request, store) if request.method == "POST" else None
        found = split_of(store, month, said)
        others = _stores(guide)
    if said is not None and request.POST.get("act") == "save":
        amounts = {part.guide: part.amount for part in found.parts}
        split_target(month=month.first, store=store, guides=amounts, by=actor)
        toast_next(request, f"已定好 {month.first:%-m} 月每个人的目标")
        return redirect(f"{request.path}?store={store.code}&month={month.first:%Y-%m}")
    return render(request, "sums/targets.html", _context(found, others))


def _context(found: SplitTarget, stores: list[Store]) -> dict[str, object]:
    this = Month.of(timezone.now(), house_zone())
    return {
        "split": found,
        "over": max(found.over, 0),
        "short": max(-found.over, 0),
        "stores": stores,
        "months": [this.first, this.away(1).first],
        "rows": [(part, f"part-{shown_id(part.guide.public_id)}") for part in found.parts],
    }


def _stores(guide: Guide) -> list[Store]:
    if guide.role == Role.AREA_MANAGER:
        return list(Store.objects.filter(region=guide.store.region_id).order_by("code"))
    return [guide.store]


def _store(code: str, guide: Guide, actor: Actor) -> Store:
    """The store asked for, her own without; 404 for one that she does not answer for."""
    store = Store.objects.filter(code=code).first() if code else guide.store
    if store is None or not answers_for(actor.scope, store.pk):
        raise Http404
    return store


def _month(text: str) -> Month:
    """This month, or the next one; what is past is not planned any more."""
    this = Month.of(timezone.now(), house_zone())
    return this.away(1) if text == f"{this.away(1).first:%Y-%m}" else this


def _said(request: HttpRequest, store: Store) -> dict[int, int]:
    """The parts typed, in minor units; what is no number stands for nothing."""
    found = {}
    for guide in people_of(store):
        typed = request.POST.get(f"part-{shown_id(guide.public_id)}", "").replace(",", "").strip()
        whole = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
        found[guide.pk] = min(whole, _MOST) * 100
    return found
