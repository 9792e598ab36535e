"""Who meets which facts and credits in the database itself, whatever a view forgets."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kit.actions import scope_of
from stores.conversions.models import Credit
from stores.ledger.models import PurchaseLine, ReceiptMember, Touch
from stores.org.access import actor_of
from stores.org.models import Account
from tests.cast import Cast
from tests.stores.conversions.builders import NOON, days, let_the_house_react, own, sell, touch


@pytest.fixture
def sold(cast: Cast) -> Cast:
    """Lin's member 900 was helped by Zhou; Ma sold something in the other store."""
    own(cast.lin, 900, NOON - days(90))
    touch("visit", cast.lin, 900, NOON - days(2))
    touch("call", cast.zhou, 900, NOON - days(1))
    sell("A1", cast.guomao, member_no=900, served_by=cast.zhou)
    sell("B1", cast.wangjing, served_by=cast.ma)
    let_the_house_react()
    return cast


def seen_by(account: Account) -> dict[str, int]:
    with scope_of(actor_of(account)):
        return {
            "credits": Credit.objects.count(),
            "lines": PurchaseLine.objects.count(),
            "touches": Touch.objects.count(),
        }


def test_each_meets_what_is_hers(sold: Cast) -> None:
    # Lin owns the member: she reads Zhou's call too, and a receipt that Zhou served.
    assert seen_by(sold.lin.account) == {"credits": 1, "lines": 1, "touches": 2}
    assert seen_by(sold.zhou.account) == {"credits": 0, "lines": 1, "touches": 1}
    assert seen_by(sold.ma.account) == {"credits": 1, "lines": 1, "touches": 0}
    assert seen_by(sold.manager.account) == {"credits": 1, "lines": 1, "touches": 2}
    assert seen_by(sold.hq) == {"credits": 2, "lines": 2, "touches": 2}


def test_a_member_handed_over_takes_her_history_along_but_not_the_credit(sold: Cast) -> None:
    own(sold.zhou, 900, NOON + days(1))
    let_the_house_react()
    assert seen_by(sold.zhou.account) == {"credits": 0, "lines": 1, "touches": 2}
    assert seen_by(sold.lin.account) == {"credits": 1, "lines": 0, "touches": 1}


@pytest.mark.parametrize("model", [Touch, PurchaseLine, ReceiptMember])
def test_nobody_changes_a_fact(sold: Cast, model: Any) -> None:
    if model is ReceiptMember:
        ReceiptMember.objects.create(
            source="till-1", receipt_no="B1", member_no=1, store_no=1, actor="test"
        )
    with pytest.raises(DatabaseError, match="is kept for"), transaction.atomic():
        model.objects.update(store_no=1)
    with pytest.raises(DatabaseError, match="is kept for"), transaction.atomic():
        model.objects.all().delete()
