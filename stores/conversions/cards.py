"""What Today tells a guide of her sales: the latest, as news that opens to its reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from kit.actor import Actor
from kit.money import shown
from stores.conversions.explanations import tag_of
from stores.conversions.faces import FacesOf
from stores.conversions.queries import latest_receipts
from stores.org.models import Guide
from stores.tablet.cards import Card

_NEWS_FOR = timedelta(hours=24)


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """The newest receipts credited to her since yesterday."""
    rows = latest_receipts(guide.pk, since=at - _NEWS_FOR, until=at)
    faces = FacesOf([row["member_no"] for row in rows])
    return [
        Card(
            key=f"credit:{row['source']}/{row['receipt_no']}",
            urgency="news",
            title=f"{faces[row['member_no']].name}买了 {shown(row['amount'])}",
            why=f"归属你：{tag_of(row['reason'])}",
            href=reverse("tablet-receipt", args=[row["source"], row["receipt_no"]]),
            act="看小票",
            face="¥",
            tone="b",
        )
        for row in rows
    ]
