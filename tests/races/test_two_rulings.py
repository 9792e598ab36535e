"""Two who decide one dispute at once: one decision stands, the other is told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from stores.conversions.models_of_rulings import Ruling
from stores.disputes.actions import decide_dispute
from stores.disputes.errors import NotOpen
from stores.disputes.models import Dispute
from stores.org.access import actor_of
from tests.cast import make_cast
from tests.races.together import all_at_once
from tests.stores.conversions.builders import sell

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_decision_stands(transactional_db: None) -> None:
    cast, now = make_cast(), timezone.now()
    for turn in range(3):
        sell(f"A{turn}", cast.guomao, served_by=cast.zhou, at=now)
        dispute = Dispute.objects.create(
            source="till-1", receipt_no=f"A{turn}", sold_at=now, store=cast.guomao,
            claimant=cast.lin, reason="served", text="我", due_at=now + timedelta(days=7),
        )  # fmt: skip
        dispute.parties.create(guide=cast.lin, store_no=cast.guomao.pk, is_claimant=True)
        ends = all_at_once(
            [
                partial(
                    decide_dispute, dispute, percent=percent, verdict="定了", judge=judge,
                    name="谁", now=now, by=actor_of(account),
                )
                for percent, judge, account in (
                    (100, cast.manager, cast.manager.account),
                    (100, cast.area_manager, cast.area_manager.account),
                    (100, None, cast.hq),
                )
            ]
        )  # fmt: skip
        assert sorted(type(end).__name__ for end in ends) == ["Dispute", "NotOpen", "NotOpen"], ends
        assert [end for end in ends if isinstance(end, NotOpen)]
        assert Ruling.objects.filter(receipt_no=f"A{turn}").count() == 1
