"""What HQ's start page shows of sales beside its own pictures: who leads this week."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from kit.money import shown
from stores.conversions.access import Subject
from stores.conversions.periods import Week
from stores.conversions.queries import leaders_of
from stores.org.models import Store
from stores.org.panels import Line, Listing

_MOST = 5


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """Who was credited most this week in the stores that the account may see."""
    stores = (
        frozenset(Store.objects.values_list("pk", flat=True))
        if actor.scope.everything
        else actor.scope.stores
    )
    week = Week.of(at, timezone.get_default_timezone())
    subject = Subject("全部", store_nos=stores)
    href = reverse("admin:stores_credit_changelist")
    return [
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
