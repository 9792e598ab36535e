"""An audience as a list that may leave head office: what of its members, in which grade."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from kit.classified import Grade
from members.audience.models import Audience
from members.audience.queries import members_in
from members.identity.models import Member
from members.identity.rules import masked_phone
from members.privacy.exporting import Column, Source


def _choices() -> Sequence[tuple[str, str]]:
    found = Audience.objects.order_by("name").values_list("pk", "name")
    return [(str(key), name) for key, name in found]


def _rows(key: str, at: datetime) -> Iterable[Member]:
    found = members_in(Audience.objects.get(pk=int(key)), at)
    return found.select_related("home_store", "owner").order_by("pk").iterator(chunk_size=2000)


def _count(key: str, at: datetime) -> int:
    return members_in(Audience.objects.get(pk=int(key)), at).count()


def _joined(member: Any) -> str:
    return f"{timezone.localdate(member.joined_at)}"


def _owner(member: Any) -> str:
    return member.owner.name if member.owner else ""


MEMBERS = Source(
    words="人群",
    choices=_choices,
    columns={
        "card_no": Column("会员卡号", Grade.PERSONAL, lambda one: one.card_no),
        "name": Column("姓名", Grade.PERSONAL_HIGH, lambda one: one.name or ""),
        # Whole numbers leave one at a time, for a reason, never as a list.
        "phone": Column("手机号（隐去中间）", Grade.PERSONAL, lambda one: masked_phone(one.phone)),
        "tier": Column("等级", Grade.INTERNAL, lambda one: one.get_tier_display()),
        "store": Column("门店", Grade.INTERNAL, lambda one: one.home_store.name),
        "owner": Column("专属导购", Grade.PERSONAL, _owner),
        "joined_on": Column("入会日期", Grade.PERSONAL, _joined),
    },
    rows=_rows,
    count=_count,
)
