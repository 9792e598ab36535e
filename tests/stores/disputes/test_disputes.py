"""A guide says that a sale is hers: who may say, answer and decide, and what it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import EVERYTHING, Actor
from kit.events import DomainEvent
from kit.fields import shown_id
from stores.commission.actions import approve_plan, propose_plan
from stores.commission.models import Commission, SettledLine
from stores.commission.rules import Month
from stores.commission.settling import settle_month
from stores.conversions.models import Credit
from stores.conversions.models_of_rulings import Ruling
from stores.disputes.actions import (
    answer_dispute,
    decide_dispute,
    mark_seen,
    open_dispute,
    withdraw_dispute,
)
from stores.disputes.cards import cards
from stores.disputes.errors import (
    NotForYou,
    NotHers,
    NothingToDispute,
    NotOpen,
    NoWords,
    OpenAlready,
    TooOld,
)
from stores.disputes.models import Dispute, DisputeReason
from stores.disputes.panels import panels
from stores.disputes.queries import claimable
from stores.disputes.rules import ruled_parts
from stores.ledger.models import Touch
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast
from tests.stores.conversions.builders import (
    TEST,
    credited,
    days,
    let_the_house_react,
    own,
    sell,
    touch,
)
from tests.stores.ledger.builders import a_key

BACKEND = "django.contrib.auth.backends.ModelBackend"
SOLD = datetime(2026, 8, 20, 4, 0, tzinfo=UTC)
NOW = SOLD + days(3)
AUGUST = Month(date(2026, 8, 1), ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def _till(cast: Cast) -> None:
    a_key("till-1")


def sold_by_zhou(cast: Cast, receipt_no: str = "A1", **fields: Any) -> None:
    """Two lines credited to Zhou, who served somebody whom Lin had called."""
    fields.setdefault("at", SOLD)
    sell(receipt_no, cast.guomao, lines=[(1, 10_001), (2, 500)], served_by=cast.zhou, **fields)
    let_the_house_react()


def acting_widely(guide: Guide) -> Actor:
    return replace(actor_of(guide.account), scope=EVERYTHING)


def claimed(cast: Cast, receipt_no: str = "A1", *, guide: Guide | None = None) -> Dispute:
    who = guide or cast.lin
    return open_dispute(
        who, receipt_no, reason=DisputeReason.CONTACTED, text="前一天是我打的电话。",
        touches=[touch.pk for touch in Touch.objects.all()], now=NOW, by=acting_widely(who),
    )  # fmt: skip


def decided(cast: Cast, dispute: Dispute, percent: int, judge: Guide | None = None) -> Dispute:
    who = judge or cast.manager
    made = decide_dispute(
        dispute, percent=percent, verdict="看了记录。", judge=who, name=who.name, now=NOW,
        by=actor_of(who.account),
    )  # fmt: skip
    let_the_house_react()
    return made


def test_a_ruling_moves_the_credit_and_refunds_follow_it(cast: Cast) -> None:
    sold_by_zhou(cast)
    decided(cast, claimed(cast), 70)
    assert credited() == {
        "G001": {"A1/1": 7_001, "A1/2": 350},
        "G002": {"A1/1": 3_000, "A1/2": 150},
    }
    assert set(Credit.objects.values_list("reason", flat=True)) == {"ruling"}
    sell("R1", cast.guomao, lines=[(1, -10_001)], refund_of="A1/1", at=SOLD + days(1))
    # A touch that comes to be known later changes nothing of what was decided.
    touch("visit", cast.ma, 900, SOLD - days(1))
    let_the_house_react()
    assert credited()["G001"]["R1/1"] == -7_001
    assert credited()["G002"]["R1/1"] == -3_000


def test_what_was_refused_stays_as_it_was(cast: Cast) -> None:
    sold_by_zhou(cast)
    before = credited()
    made = decided(cast, claimed(cast), 0)
    assert (made.state, made.percent) == ("refused", 0)
    assert credited() == before
    assert not Ruling.objects.exists()


def test_settled_months_stay_and_the_open_one_gets_the_difference(cast: Cast) -> None:
    plan = propose_plan(
        name="一成", terms={"rungs": [{"from": 0, "per_mille": 100}]},
        effective_from=date(2026, 1, 1), by=TEST,
    )  # fmt: skip
    approve_plan(plan, account=cast.hq, now=SOLD, by=actor_of(cast.hq))
    sold_by_zhou(cast)
    entity, later = cast.guomao.entity, AUGUST.away(3).begins
    settle_month(entity, AUGUST, now=later, by=TEST)
    paid = list(SettledLine.objects.values_list("guide_no", "amount").order_by("pk"))
    decided(cast, claimed(cast), 100)
    assert list(SettledLine.objects.values_list("guide_no", "amount").order_by("pk")) == paid
    second = settle_month(entity, AUGUST.away(1), now=later, by=TEST)
    slips = Commission.objects.filter(settlement=second).order_by("guide_no")
    assert [(slip.guide_no, slip.sales, slip.adjustments) for slip in slips] == [
        (cast.lin.pk, 0, 10_501),
        (cast.zhou.pk, 0, -10_501),
    ]


def test_she_finds_only_receipts_that_are_some_business_of_hers(cast: Cast) -> None:
    """Ma works in another store and never spoke to the buyer: missing and foreign answer alike."""
    sold_by_zhou(cast, member_no=900)
    for number in ("A1", "never"):
        with pytest.raises(NotHers):
            claimed(cast, number, guide=cast.ma)
    touch("call", cast.ma, 900, SOLD - days(2))
    let_the_house_react()
    own(cast.zhou, 900, SOLD - days(50))
    touch("visit", cast.zhou, 900, SOLD - days(1))
    let_the_house_react()
    found = claimed(cast, guide=cast.ma)
    # The colleague's touch was offered as evidence too; it is not hers.
    assert [each.guide_no for each in Touch.objects.filter(pk__in=found.touches)] == [cast.ma.pk]


def test_what_cannot_be_disputed(cast: Cast) -> None:
    sold_by_zhou(cast)
    with pytest.raises(NothingToDispute):
        claimed(cast, guide=cast.zhou)
    with pytest.raises(NoWords):
        open_dispute(
            cast.lin, "A1", reason=DisputeReason.SERVED, text=" ", touches=[], now=NOW,
            by=acting_widely(cast.lin),
        )  # fmt: skip
    with pytest.raises(TooOld):
        open_dispute(
            cast.lin, "A1", reason=DisputeReason.SERVED, text="我", touches=[],
            now=SOLD + days(91), by=acting_widely(cast.lin),
        )  # fmt: skip
    claimed(cast)
    with pytest.raises(OpenAlready):
        claimed(cast)
    assert Dispute.objects.count() == 1


def test_who_is_concerned_answers_and_who_claims_withdraws(cast: Cast) -> None:
    sold_by_zhou(cast)
    dispute = claimed(cast)
    by = actor_of(cast.zhou.account)
    assert answer_dispute(dispute, guide=cast.zhou, text="是我接待的。", now=NOW, by=by)
    party = dispute.parties.get(guide=cast.zhou)
    assert (party.answer, party.answered_at) == ("是我接待的。", NOW)
    hers = actor_of(cast.lin.account)
    assert not answer_dispute(dispute, guide=cast.lin, text="不是", now=NOW, by=hers)
    assert not withdraw_dispute(dispute, guide=cast.zhou, now=NOW, by=by)
    assert withdraw_dispute(dispute, guide=cast.lin, now=NOW, by=hers)
    with pytest.raises(NotOpen):
        answer_dispute(dispute, guide=cast.zhou, text="再说一句", now=NOW, by=by)
    with pytest.raises(NotOpen):
        decided(cast, dispute, 100)
    # Withdrawn is not refused: she may say it again.
    assert claimed(cast).is_open


def test_wrong_people_decide_nothing(cast: Cast) -> None:
    sold_by_zhou(cast)
    dispute = claimed(cast)
    with pytest.raises(NotForYou):
        decided(cast, dispute, 100, judge=cast.lin)
    with pytest.raises(NotForYou):
        decided(cast, dispute, 100, judge=cast.zhou)
    with pytest.raises(Dispute.DoesNotExist):
        decided(cast, dispute, 100, judge=cast.ma)
    # The manager of one of two stores concerned decides nothing; HQ does.
    touch("call", cast.ma, 900, SOLD - days(2))
    sold_by_zhou(cast, "A2", member_no=900)
    own(cast.zhou, 900, SOLD - days(50))
    touch("visit", cast.zhou, 900, SOLD - days(1))
    let_the_house_react()
    across = claimed(cast, "A2", guide=cast.ma)
    with pytest.raises(NotForYou):
        decided(cast, across, 100)
    made = decide_dispute(
        across, percent=100, verdict="同意", judge=None, name="总部小何", now=NOW,
        by=actor_of(cast.hq),
    )  # fmt: skip
    assert made.state == "granted"


def test_a_manager_who_is_concerned_does_not_decide(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.manager, at=SOLD)
    let_the_house_react()
    dispute = claimed(cast)
    with pytest.raises(NotForYou):
        decided(cast, dispute, 0)
    assert decided(cast, dispute, 0, judge=cast.area_manager).state == "refused"


def test_a_decision_is_for_good_and_written_down(cast: Cast) -> None:
    sold_by_zhou(cast)
    dispute = claimed(cast)
    decided(cast, dispute, 50)
    with pytest.raises(NotOpen):
        decided(cast, dispute, 100)
    for statement in ("DELETE FROM stores_ruling", "UPDATE stores_ruling SET line = 9"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    told = DomainEvent.objects.filter(subject=f"dispute:{shown_id(dispute.public_id)}")
    assert list(told.order_by("pk").values_list("kind", "actor")) == [
        ("dispute_opened", str(actor_of(cast.lin.account))),
        ("dispute_decided", str(actor_of(cast.manager.account))),
    ]
    assert {row.actor for row in Ruling.objects.all()} == {str(actor_of(cast.manager.account))}


def cards_of(guide: Guide) -> list[str]:
    actor = actor_of(guide.account)
    with scope_of(actor):
        return [card.title for card in cards(actor, guide, NOW)]


def test_everybody_concerned_is_told(cast: Cast) -> None:
    sold_by_zhou(cast)
    dispute = claimed(cast)
    assert cards_of(cast.zhou) == ["林晓认为一张小票归她"]
    assert cards_of(cast.manager) == ["林晓的业绩申诉等你裁定"]
    assert cards_of(cast.lin) == cards_of(cast.ma) == []
    decided(cast, dispute, 100)
    assert cards_of(cast.manager) == []
    for guide in (cast.lin, cast.zhou):
        assert cards_of(guide) == ["业绩申诉已改判"]
        mark_seen(dispute, guide=guide, now=NOW, by=actor_of(guide.account))
        assert cards_of(guide) == []


def test_head_office_sees_what_waits_and_what_is_overdue(cast: Cast) -> None:
    hq = actor_of(cast.hq)
    with scope_of(hq):
        assert panels(hq, NOW) == []
    sold_by_zhou(cast)
    dispute = claimed(cast)
    with scope_of(hq):
        (listing,) = panels(hq, NOW)
        (late,) = panels(hq, dispute.due_at + days(1))
    assert [(line.text, line.tone) for line in listing.lines] == [("林晓 · 国贸店", "")]
    assert [line.tone for line in late.lines] == ["bad"]


def page(guide: Guide, name: str, dispute: Dispute, **posted: Any) -> Any:
    client = Client()
    client.force_login(guide.account, backend=BACKEND)
    address = reverse(name, args=[dispute.public_id])
    return client.post(address, posted) if posted else client.get(address)


def test_the_ipad_from_the_number_on_the_receipt_to_the_ruling(cast: Cast) -> None:
    at = timezone.now() - timedelta(days=2)
    own(cast.zhou, cast.chen.pk, at - days(9))
    touch("call", cast.lin, cast.chen.pk, at - days(1))
    touch("visit", cast.zhou, cast.chen.pk, at - days(1))
    sold_by_zhou(cast, member_no=cast.chen.pk, at=at)
    client = Client()
    client.force_login(cast.lin.account, backend=BACKEND)
    begin = reverse("tablet-dispute-begin")
    assert "没有找到这张小票" in client.get(begin, {"receipt_no": "X9"}).content.decode()
    shown = client.get(begin, {"receipt_no": "A1"}).content.decode()
    assert "电话" in shown
    for hidden in ("¥", "周宁", "SK-100", "陈静"):
        assert hidden not in shown, hidden
    hers = Touch.objects.get(guide_no=cast.lin.pk, kind="call")
    sent = client.post(
        begin, {"receipt_no": "A1", "reason": "contacted", "text": "我打的电话", "touch": [hers.pk]}
    )
    dispute = Dispute.objects.get()
    assert sent.headers["Location"] == reverse("tablet-dispute", args=[dispute.public_id])
    assert dispute.touches == [hers.pk]
    assert page(cast.ma, "tablet-dispute", dispute).status_code == 404
    assert "我打的电话" in page(cast.zhou, "tablet-dispute", dispute).content.decode()
    page(cast.zhou, "tablet-dispute-answer", dispute, text="是我接待的")
    assert "是我接待的" in page(cast.lin, "tablet-dispute", dispute).content.decode()
    seen = page(cast.manager, "tablet-dispute", dispute).content.decode()
    assert "是我接待的" in seen
    assert "裁定</button>" in seen
    page(cast.manager, "tablet-dispute-decide", dispute, percent="50", text="各一半")
    let_the_house_react()
    assert credited() == {
        "G001": {"A1/1": 5_001, "A1/2": 250},
        "G002": {"A1/1": 5_000, "A1/2": 250},
    }
    assert "各一半" in page(cast.lin, "tablet-dispute", dispute).content.decode()
    receipt = client.get(reverse("tablet-receipt", args=["till-1", "A1"])).content.decode()
    assert "经申诉裁定" in receipt


def test_head_office_decides_in_its_list(cast: Cast) -> None:
    sold_by_zhou(cast)
    dispute = claimed(cast)
    client = Client()
    client.force_login(cast.hq, backend=BACKEND)
    assert "A1" in client.get(reverse("admin:stores_dispute_changelist")).content.decode()
    opened = client.get(reverse("admin:stores_dispute_change", args=[dispute.pk]))
    assert "前一天是我打的电话。" in opened.content.decode()
    address = reverse("admin:stores_dispute_decide", args=[dispute.pk])
    client.post(address, {"percent": "100", "text": "记录清楚"})
    dispute.refresh_from_db()
    assert (dispute.state, dispute.decided_name) == ("granted", "总部小何")
    client.post(address, {"percent": "0", "text": "又改主意"})
    dispute.refresh_from_db()
    assert dispute.percent == 100


def test_parts_of_a_ruling() -> None:
    assert ruled_parts({2: 100}, 1, 100) == ((1,), (1,))
    assert ruled_parts({}, 1, 30) == ((1,), (1,))
    assert ruled_parts({1: 40, 2: 60, 3: 20}, 1, 50) == ((1, 2, 3), (4_000, 3_000, 1_000))


def test_a_receipt_is_looked_for_once_however_many_tills_there_are(cast: Cast) -> None:
    sold_by_zhou(cast)

    def looks() -> int:
        with scope_of(acting_widely(cast.lin)), CaptureQueriesContext(connection) as asked:
            assert claimable(cast.lin, "A1") is not None
        return len(asked)

    few = looks()
    for number in range(20):
        a_key(f"till-a{number}")
    assert looks() == few
