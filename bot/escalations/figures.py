"""What questions handed to a person add to the figures: how soon somebody answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.escalations.models import Escalation
from stores.figures.parts import Part


def parts(stores: Collection[int] | None, since: datetime, until: datetime) -> list[Part]:
    """The usual time from a question to its answer, and how many were in time."""
    asked = Escalation.objects.filter(opened_at__gte=since, opened_at__lt=until)
    if stores is not None:
        asked = asked.filter(store__in=stores)
    rows = list(asked.order_by().values_list("opened_at", "answered_at", "deadline"))
    waits = sorted((done - opened).total_seconds() for opened, done, _ in rows if done is not None)
    if not rows:
        return [Part("答复用时", "—", "这段时间没有转给导购的问题；只有读得到的会话才会转来")]
    in_time = sum(done is not None and done <= deadline for _, done, deadline in rows)
    why = f"转给导购 {len(rows)} 个问题，答复 {len(waits)} 个，期限内 {in_time} 个"
    if not waits:
        return [Part("答复用时", "—", why)]
    middle = waits[len(waits) // 2]
    return [Part("答复用时", f"{max(1, round(middle / 60))} 分钟", f"一半不超过；{why}", middle)]
