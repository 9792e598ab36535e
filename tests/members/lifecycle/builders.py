"""A signed assessment, members who permit profiling, and what they bought."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.utils import timezone

from members.consent.models import Purpose
from members.identity.models import Member
from members.lifecycle.models import LifecycleRun
from members.privacy.models_of_duty import Activity, ImpactAssessment
from stores.ledger.models import PurchaseLine, ReceiptKey
from stores.org.models import Account, Guide, LegalEntity, Store
from tests.cast import Cast, a_member
from tests.members.builders import grant

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_numbers = count(1)


def sign_profiling(*entities: LegalEntity) -> None:
    """The assessment without which nothing is computed, signed for each entity."""
    now = timezone.now()
    for entity in entities:
        ImpactAssessment.objects.create(
            entity=entity,
            activity=Activity.PROFILING,
            legality="经同意",
            risk="低",
            measures="可随时关闭",
            written_by="test",
            signed_by=Account.objects.order_by("pk").first(),
            signed_at=now - timedelta(days=1),
            valid_until=timezone.localdate() + timedelta(days=300),
            retain_until=now + timedelta(days=1100),
        )


def a_shopper(cast: Cast, name: str, *days_ago: int, amount: int = 20_000) -> Member:
    """A member of Lin's who permits profiling and messages, and bought on these days."""
    member = a_member(
        name, owner=cast.lin, store=cast.guomao, joined_at=timezone.now() - timedelta(days=800)
    )
    grant(member, Purpose.PROFILING, Purpose.DIRECT_MARKETING)
    for days in days_ago:
        buy(member, days, amount=amount)
    return member


def buy(
    member: Member | None,
    days_ago: int,
    *,
    amount: int = 20_000,
    hour: int = 12,
    refund_of: str = "",
) -> str:
    """One receipt, so many days ago by the shop's clock; its number."""
    number = f"L{next(_numbers)}"
    day = timezone.localdate() - timedelta(days=days_ago)
    return sell(number, member, moment(day, hour), amount, refund_of)


def sell(
    number: str,
    member: Member | None,
    at: datetime,
    amount: int,
    refund_of: str = "",
    served_by: Guide | None = None,
) -> str:
    """One receipt of one line, written straight into the ledger: the intake has its own tests."""
    line = PurchaseLine.objects.create(
        source="till",
        receipt_no=number,
        line=1,
        sku="QC-1",
        quantity=-1 if amount < 0 else 1,
        amount=amount,
        refund_of=refund_of,
        member_no=member.pk if member else None,
        store_no=member.home_store_id if member else Store.objects.earliest("pk").pk,
        served_by_no=served_by.pk if served_by else None,
        sold_at=at,
    )
    ReceiptKey.objects.create(
        source="till",
        receipt_no=number,
        line=1,
        digest=b"",
        purchase_line=line.pk,
        sold_at=at,
        refund_of=refund_of,
    )
    return number


def moment(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), _SHANGHAI)


def let_an_hour_pass() -> None:
    """Runs that ended count as begun two hours ago: the next looks only at what came since."""
    for run in LifecycleRun.objects.all():
        run.started_at -= timedelta(hours=2)
        run.save(update_fields=["started_at"])
