"""「排班」: a store's week as a picture for its manager: tap to plan, copy last week."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from stores.org.access import answers_for
from stores.org.duty import NotYours, copy_week, plan_day, week_of
from stores.org.models import Guide, Role, Store
from stores.org.queries import shop_day
from stores.org.rules_of_duty import monday_of
from stores.tablet.doors import guide_page, toast_next, with_toast

# Further than this nobody plans; an address made up by hand ends here.
_FURTHEST = timedelta(days=400)


@require_safe
@guide_page
def roster(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The week of the manager's store; an area manager chooses among hers."""
    with scope_of(actor):
        store = _store(request.GET.get("store", ""), guide, actor)
        monday = _monday(request.GET.get("week", ""), store)
        return render(request, "tablet/roster.html", _context(guide, actor, store, monday))


@require_POST
@guide_page
def plan(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """One tap: the guide's day becomes what the cell said it would; a second tap says the next."""
    with scope_of(actor):
        store = _store(request.POST.get("store", ""), guide, actor)
        day = _day(request.POST.get("day", ""))
        public_id = _public(request.POST.get("guide", ""))
        whom = Guide.objects.filter(public_id=public_id, store=store).first() if public_id else None
    if whom is None or day is None:
        raise Http404
    try:
        plan_day(whom.pk, store_id=store.pk, day=day, kind=request.POST.get("kind", ""), by=actor)
    except (NotYours, KeyError) as error:
        raise Http404 from error
    if not request.headers.get("HX-Request"):
        return redirect(_address(store, monday_of(day)))
    with scope_of(actor):
        context = _context(guide, actor, store, monday_of(day))
        return render(request, "tablet/roster_week.html", context)


@require_POST
@guide_page
def copy_last(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Plan this week as the last one, where nothing is planned yet."""
    with scope_of(actor):
        store = _store(request.POST.get("store", ""), guide, actor)
        monday = _monday(request.POST.get("week", ""), store)
    try:
        made = copy_week(store.pk, monday=monday, by=actor)
    except NotYours as error:
        raise Http404 from error
    words = (
        f"照上周排好了 {made} 个班。" if made else "没有可以照抄的：上周没排，或者这周都排过了。"
    )
    if not request.headers.get("HX-Request"):
        toast_next(request, words)
        return redirect(_address(store, monday))
    with scope_of(actor):
        context = _context(guide, actor, store, monday)
        return with_toast(render(request, "tablet/roster_week.html", context), words)


def _context(guide: Guide, actor: Actor, store: Store, monday: date) -> dict[str, object]:
    scope = actor.scope
    return {
        "week": week_of(store, monday),
        "today": shop_day(store, timezone.now()),
        "before": _address(store, monday - timedelta(days=7)),
        "after": _address(store, monday + timedelta(days=7)),
        "stores": Store.objects.filter(pk__in=scope.stores).order_by("code")
        if guide.role == Role.AREA_MANAGER
        else [],
    }


def _store(code: str, guide: Guide, actor: Actor) -> Store:
    """The store she plans for. Missing and forbidden answer alike: Http404."""
    store = guide.store if not code else Store.objects.filter(code=code).first()
    if store is None or not answers_for(actor.scope, store.pk):
        raise Http404
    return store


def _monday(text: str, store: Store) -> date:
    today = shop_day(store, timezone.now())
    day = _day(text) or today
    return monday_of(day if abs(day - today) < _FURTHEST else today)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _public(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=text)
    except ValueError:
        return None


def _address(store: Store, monday: date) -> str:
    return f"{reverse('tablet-roster')}?store={store.code}&week={monday.isoformat()}"
