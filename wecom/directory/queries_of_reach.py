"""Reads of links and moments: what to ask WeCom about next, and what later rooms want to know."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection

from wecom.directory.models import Sweep
from wecom.directory.models_of_reach import (
    AcquisitionBalance,
    CorpMoment,
    MomentPublication,
)
from wecom.directory.queries import news_since
from wecom.inbox.models import InboxMessage

# At once, for one portion's wants.
AT_ONCE: Final = 100

_NAMED: Final = f"""
SELECT DISTINCT substring(body from '<LinkId><!\\[CDATA\\[([^]]+)\\]\\]></LinkId>')
FROM {InboxMessage._meta.db_table}
WHERE received_at >= %s AND body LIKE %s
"""  # noqa: S608 - the table's own name


def links_with_news(sweep: Sweep) -> list[str]:
    """Links that callbacks named since the sweep before, whatever became of those."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [news_since(sweep), "%[customer_acquisition]%"])
        return sorted(key for (key,) in cursor.fetchall() if key)


def balance() -> AcquisitionBalance | None:
    """What is left to pay acquired customers with, as far as it was read."""
    return AcquisitionBalance.objects.filter(corp_id=settings.WECOM_CORP_ID).first()


def moments_due(now: datetime, *, after: str) -> list[str]:
    """Moments of which it is time to ask who published them, by id."""
    due = CorpMoment.objects.present().filter(look_at__lte=now, moment_id__gt=after)
    return list(due.order_by("moment_id").values_list("moment_id", flat=True)[:AT_ONCE])


def publications_due(now: datetime, *, after: int) -> list[tuple[int, str, str]]:
    """Publications whose reach it is time to read: key, moment, guide."""
    due = MomentPublication.objects.filter(
        look_at__lte=now, is_published=True, moment__gone_at=None, pk__gt=after
    )
    found = due.order_by("pk").values_list("pk", "moment__moment_id", "userid")
    return list(found[:AT_ONCE])
