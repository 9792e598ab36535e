"""What HQ's start page shows of sales: five weeks as a picture, and who leads this week."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from kit.money import shown
from stores.conversions.access import Subject
from stores.conversions.periods import Week
from stores.conversions.queries import figures_of, leaders_of
from stores.org.models import Store
from stores.org.panels import Line, Listing, Picture

_MOST = 5


def panels(actor: Actor, at: datetime) -> list[Picture | Listing]:
    """Sales credited in the stores that the account may see."""
    stores = (
        frozenset(Store.objects.values_list("pk", flat=True))
        if actor.scope.everything
        else actor.scope.stores
    )
    week = Week.of(at, timezone.get_default_timezone())
    subject = Subject("全部", store_nos=stores)
    figures = figures_of(subject, week)
    href = reverse("admin:stores_credit_changelist")
    sales = [each.sales for each in figures.weeks]
    return [
        Picture(
            key="sales",
            title="归属到导购的销售",
            now=f"本周 {shown(sales[-1])}",
            before=f"前四周 {shown(sum(sales[:-1]))}",
            values=[max(0, amount) for amount in sales],
            labels=("四周前", "本周"),
            href=href,
        ),
        Listing(
            key="leaders",
            title="本周归属销售",
            lines=[
                Line(text=name, why=store, figure=shown(amount), href=f"{href}?guide_no={number}")
                for number, name, store, amount in leaders_of(subject, week, most=_MOST)
            ],
            href=href,
            when_empty="本周还没有归属到导购的订单",
        ),
    ]
