"""What the stages add to the figures: how many members lapsed, and how many came back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from members.lifecycle.models import MemberStage, Stage
from stores.figures.parts import Part


def parts(stores: Collection[int] | None, since: datetime, until: datetime) -> list[Part]:
    """Who was seen to lapse in the time, and who bought again after having lapsed."""
    moves = MemberStage.objects.exclude(before="").filter(
        since__gte=timezone.localtime(since).date(), since__lt=timezone.localtime(until).date()
    )
    if stores is not None:
        moves = moves.filter(member__home_store__in=stores)
    said = moves.order_by().aggregate(
        lapsed=Count("pk", filter=Q(stage=Stage.LAPSED)),
        back=Count("pk", filter=Q(before=Stage.LAPSED) & ~Q(stage=Stage.LAPSED)),
    )
    why = f"另有 {said['back']} 位流失后又来了；只算同意“按我的喜好推荐”的会员"
    return [Part("新流失会员", f"{said['lapsed']}", why, said["lapsed"])]
