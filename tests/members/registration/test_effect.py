"""渠道效果: from a print to a purchase, refunds taken back, costs spread over their days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.identity.models import Friendship, Member
from members.registration.effect import Effect, effect_of
from members.registration.models import ChannelCode, Registration, RegistrationState, Scene
from members.registration.models_of_codes import ChannelCost, RosterCode, RosterKind
from members.registration.printing import order_prints
from members.registration.rules_of_effect import share_of
from stores.ledger.models import MergedMember, PurchaseLine, ReceiptMember
from stores.org.models import Account, Guide
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_channel_code, a_contact

NOW = timezone.now
TODAY = timezone.localdate


def joined(code: ChannelCode, member: Member, **fields: Any) -> Registration:
    at = NOW() - timedelta(hours=2)
    return Registration.objects.create(
        channel_code=code, guide=code.guide, store=code.store, member=member, opened_at=at,
        finished_at=at, state=RegistrationState.DONE, **fields,
    )  # fmt: skip


def looked(code: ChannelCode, times: int) -> None:
    for _ in range(times):
        Registration.objects.create(channel_code=code, guide=code.guide, store=code.store)


def bought(guide: Guide, amount: int, **fields: Any) -> PurchaseLine:
    number = PurchaseLine.objects.count() + 1
    fields.setdefault("sold_at", NOW() - timedelta(hours=1))
    return PurchaseLine.objects.create(
        source="till", receipt_no=f"R{number}", line=1, sku="SK", store_no=guide.store_id,
        quantity=1 if amount > 0 else -1, amount=amount, **fields,
    )  # fmt: skip


def figures(grouping: str = "campaign", **fields: Any) -> dict[str, Effect]:
    found = effect_of(TODAY() - timedelta(days=1), TODAY(), grouping=grouping, **fields)
    return {row.name: row for row in found.rows} | {"合计": found.total}


def a_cost(by: Account, amount: int, **fields: Any) -> ChannelCost:
    fields.setdefault("since", TODAY())
    fields.setdefault("until", TODAY())
    return ChannelCost.objects.create(amount=amount, entered_by=by, **fields)


def test_the_way_from_print_to_purchase(cast: Cast) -> None:
    code = a_channel_code(cast.lin, campaign="双十一", cost_centre="市场部")
    order_prints([code.pk], layout="a4_8", copies=50, account_id=cast.hq.pk, by=TESTER)
    looked(code, 3)
    joined(code, cast.chen)
    a_contact(cast.lin, member=cast.chen, state=code.wecom_state)
    sale = bought(cast.lin, 30_000, member_no=cast.chen.pk)
    bought(cast.lin, -10_000, member_no=cast.chen.pk, refund_of=f"{sale.receipt_no}/1")
    a_cost(cast.hq, 4_000, channel_code=code)
    row = figures()["双十一"]
    assert (row.printed, row.scans, row.members, row.friends, row.buyers) == (50, 4, 1, 1, 1)
    assert (row.sales, row.cost, row.per_member, row.return_on_cost) == (20_000, 4_000, 4_000, 5.0)
    for grouping, name in (("cost_centre", "市场部"), ("store", "国贸店"), ("guide", "林晓")):
        assert figures(grouping)[name].sales == 20_000
    assert figures("code")["合计"].cost == 4_000


def test_what_others_bought_or_what_was_long_ago_does_not_count(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    joined(code, cast.chen)
    bought(cast.lin, 100, member_no=cast.chen.pk, sold_at=NOW() - timedelta(days=40))
    bought(cast.lin, 100, member_no=cast.chen.pk + 1)
    bought(cast.lin, 100, member_no=None)
    assert figures()["合计"].sales == 0


def test_a_merged_member_and_a_late_card_are_followed(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    joined(code, cast.chen)
    MergedMember.objects.create(member_no=cast.chen.pk + 500, into_no=cast.chen.pk)
    bought(cast.lin, 100, member_no=cast.chen.pk + 500)
    late = bought(cast.lin, 20, member_no=None)
    ReceiptMember.objects.create(
        source="till", receipt_no=late.receipt_no, member_no=cast.chen.pk,
        store_no=cast.guomao.pk, actor="test",
    )  # fmt: skip
    assert figures()["合计"].sales == 120


def test_she_counts_for_the_code_by_which_she_came_first(cast: Cast) -> None:
    first = a_channel_code(cast.lin, campaign="甲")
    second = a_channel_code(cast.zhou, campaign="乙")
    joined(first, cast.chen)
    again = joined(second, cast.chen)
    Registration.objects.filter(pk=again.pk).update(finished_at=NOW())
    bought(cast.lin, 100, member_no=cast.chen.pk)
    found = figures()
    assert (found["甲"].sales, found["乙"].sales, found["合计"].sales) == (100, 0, 100)


def test_a_campaigns_cost_stands_with_the_campaign_and_once_in_the_total(cast: Cast) -> None:
    for guide in (cast.lin, cast.zhou):
        looked(a_channel_code(guide, campaign="双十一"), 1)
    a_cost(cast.hq, 900, campaign="双十一")
    a_cost(cast.hq, 100, cost_centre="市场部")
    found = figures()
    assert (found["双十一"].cost, found["合计"].cost) == (900, 1_000)
    assert figures("guide")["（不能分摊的花费）"].cost == 1_000


def test_a_shared_codes_prints_and_cost_stand_with_those_behind_it(cast: Cast) -> None:
    roster = RosterCode.objects.create(
        kind=RosterKind.ROSTER, store=cast.guomao, scene=Scene.ENTRANCE, campaign="门口"
    )
    for guide in (cast.lin, cast.zhou):
        code = a_channel_code(guide, campaign="门口", roster=roster, scene=Scene.ENTRANCE)
        looked(code, 2)
    order_prints([], rosters=[roster.pk], layout="a4_4", copies=4, account_id=cast.hq.pk, by=TESTER)
    a_cost(cast.hq, 700, roster=roster)
    row = figures()["门口"]
    assert (row.printed, row.scans, row.cost) == (4, 4, 700)


def test_costs_are_spread_over_their_days_and_lose_nothing() -> None:
    begins, ends = date(2026, 11, 1), date(2026, 11, 30)
    days = [begins + timedelta(days=n) for n in range(30)]
    shares = [share_of(1_000, begins, ends, day, day) for day in days]
    assert sum(shares) == 1_000
    assert max(shares) - min(shares) <= 1
    assert share_of(1_000, begins, ends, date(2026, 10, 1), date(2026, 10, 31)) == 0
    assert share_of(1_000, begins, ends, date(2026, 1, 1), date(2026, 12, 31)) == 1_000


def test_a_regions_account_sees_its_stores_codes_only(cast: Cast) -> None:
    looked(a_channel_code(cast.lin, campaign="东"), 1)
    looked(a_channel_code(cast.ma, campaign="西"), 1)
    a_cost(cast.hq, 500, campaign="西")
    regional = Account.objects.create_user("east", "x", name="东区", is_staff=True)
    regional.regions.add(cast.east)
    for name in ("view_channelcost", "view_channelcode"):
        regional.user_permissions.add(Permission.objects.get(codename=name))
    client = Client()
    client.force_login(regional, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:members_effect")).content.decode()
    assert "东" in page
    assert ">西<" not in page
    assert "5.00" not in page


def test_the_page_asks_the_same_number_of_questions_at_1_and_at_20_codes(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    counts = []
    for size in (1, 20):
        while ChannelCode.objects.count() < size:
            looked(a_channel_code(cast.lin, campaign=f"活动{ChannelCode.objects.count()}"), 1)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(reverse("admin:members_effect"), {"by": "code"})
        assert page.status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_file_holds_every_row_and_no_formula(cast: Cast) -> None:
    looked(a_channel_code(cast.lin, campaign="=1+1"), 1)
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("admin:members_effect"), {"csv": "1"})
    text = answer.content.decode("utf-8-sig")
    assert "'=1+1" in text
    assert text.splitlines()[-1].startswith("合计")
    empty = client.get(
        reverse("admin:members_effect"), {"since": "2020-01-01", "until": "2020-01-02"}
    )
    assert "没有人扫过码" in empty.content.decode()


def test_head_office_enters_yuan_for_one_thing_only(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    told = {"campaign": "双十一", "yuan": "1234.56", "since": "2026-11-01", "until": "2026-11-11"}
    address = reverse("admin:members_channelcost_add")
    client.post(address, {**told, "cost_centre": "市场部"})
    assert not ChannelCost.objects.exists()
    client.post(address, told)
    cost = ChannelCost.objects.get()
    assert (cost.amount, cost.entered_by) == (123_456, cast.hq)


def test_a_member_without_friendship_is_no_friend(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    joined(code, a_member("王芳", owner=cast.lin, store=cast.guomao))
    assert figures()["合计"].friends == 0
    assert not Friendship.objects.exists()
