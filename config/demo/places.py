"""Opens the demo's stores and hires its people. Each action is whole or not at all."""

from __future__ import annotations

import os
from datetime import date, time

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from config.demo import names
from kit.actions import action
from kit.actor import Actor
from stores.catalogue.models import Product, Stock
from stores.org.keys import digest_of
from stores.org.models import (
    Account,
    Guide,
    LegalEntity,
    MachineKey,
    OpeningHours,
    Region,
    Role,
    Store,
)

BEGUN_ON = date(2024, 1, 1)
SUNDAY = 6


@action
def open_places(*, by: Actor) -> None:
    """Regions, legal entities, stores with their hours. Repeating it changes nothing."""
    if Store.objects.exists():
        return
    regions = {name: Region.objects.create(name=name) for name in names.REGIONS}
    entities = {
        company: LegalEntity.objects.create(name=company[0], contact=company[1], address=company[2])
        for company in (names.OWN_COMPANY, names.FRANCHISE)
    }
    for place in names.PLACES:
        store = Store.objects.create(
            code=place.code,
            name=place.name,
            region=regions[place.region],
            entity=entities[place.company],
            address=place.address,
            phone=place.phone,
            latitude=place.latitude,
            longitude=place.longitude,
            opened_on=BEGUN_ON,
        )
        _set_hours(store, place)


def _set_hours(store: Store, place: names.Place) -> None:
    """Daily hours, Sunday's own, and New Year's Eve as a dated exception."""
    OpeningHours.objects.bulk_create(
        [
            OpeningHours(
                store=store,
                since=BEGUN_ON,
                opens_at=time(place.opens),
                closes_at=time(place.closes),
            ),
            OpeningHours(
                store=store,
                weekday=SUNDAY,
                since=BEGUN_ON,
                opens_at=time(place.opens),
                closes_at=time(place.sunday_closes),
            ),
            OpeningHours(
                store=store,
                since=date(2027, 2, 5),
                until=date(2027, 2, 5),
                opens_at=time(10),
                closes_at=time(17),
                note="除夕",
            ),
        ]
    )


@action
def hire_people(*, by: Actor) -> None:
    """Guides, managers, HQ and the till's key; the logins come from the environment."""
    if Guide.objects.exists():
        return
    stores = {store.code: store for store in Store.objects.all()}
    pin = make_password(os.environ["GUIDE_PIN"])
    people = [(*guide, Role.GUIDE) for guide in names.GUIDES]
    people += [(*manager[:4], Role(manager[4])) for manager in names.MANAGERS]
    for name, number, userid, store, role in people:
        Guide.objects.create(
            account=Account.objects.create_user(number, None, name=name),
            store=stores[store],
            role=role,
            employee_no=number,
            name=name,
            wecom_userid=userid,
            pin_hash=pin,
            joined_on=BEGUN_ON,
        )
    Account.objects.create_superuser(
        os.environ["HQ_USERNAME"], os.environ["HQ_PASSWORD"], name="总部小何"
    )
    # A second pair of eyes: what reaches many is approved by somebody else.
    Account.objects.create_superuser("hq2", os.environ["HQ_PASSWORD"], name="总部小温")
    MachineKey.objects.create(
        name="国贸店收银机",
        source="till",
        digest=digest_of(os.environ["TILL_KEY"]),
        scopes=["purchases:write", "purchases:read", "figures:read"],
    )


@action
def fill_shelves(*, by: Actor) -> None:
    """Products, stock in each store, and the first credit rule."""
    if Product.objects.exists():
        return
    products = Product.objects.bulk_create(
        [
            Product(sku=sku, name=name, category=category, price=price, talking_points=points)
            for sku, name, category, price, points in names.PRODUCTS
        ]
    )
    now = timezone.now()
    Stock.objects.bulk_create(
        [
            Stock(
                product=product, store=store, quantity=(7 * i + 5 * store.pk) % 12, counted_at=now
            )
            for i, product in enumerate(products)
            for store in Store.objects.all()
        ]
    )
