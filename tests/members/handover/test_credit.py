"""What was credited before a hand-over stays; what is bought after it is the successor's."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from stores.conversions.models import Credit
from stores.ledger.models import Ownership
from stores.org.models import Guide
from tests.cast import Cast
from tests.members.handover.builders import a_day_later, a_friend, a_hand_over, decided, run_house
from tests.sandbox import Sandbox
from tests.stores.conversions.builders import sell, touch


def credited() -> dict[str, str]:
    guides = dict(Guide.objects.values_list("pk", "name"))
    return {row.receipt_no: guides[row.guide_no] for row in Credit.objects.all()}


def test_credit_follows_the_customer_from_then_on(cast: Cast, wecom: Sandbox) -> None:
    chen, now = cast.chen.pk, timezone.now()
    Ownership.objects.update(since=now - timedelta(days=60))
    touch("visit", cast.lin, chen, now - timedelta(days=3))
    sell("before", cast.guomao, member_no=chen, at=now - timedelta(days=1))
    run_house()
    assert credited() == {"before": "林晓"}
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    decided(a_hand_over(cast.lin, cast.zhou))
    sell("under way", cast.guomao, member_no=chen, at=timezone.now())
    run_house()
    a_day_later(wecom)
    # Zhou has not touched her yet: what Lin had done for her came along.
    sell("after", cast.guomao, member_no=chen, at=timezone.now() + timedelta(minutes=1))
    run_house()
    assert credited() == {"before": "林晓", "under way": "林晓", "after": "周宁"}
