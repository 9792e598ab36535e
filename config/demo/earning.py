"""What the demo brand's guides earn: a file of orders, plan, targets, settled months, disputes.

Everything goes through the actions that a person's click would call. Deterministic for a day.
"""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from config.demo import names
from config.demo.past import SEED
from kit.actions import action, scope_of
from kit.actor import EVERYTHING, Actor
from members.identity.models import Member, MemberState
from stores.commission.actions import approve_plan, propose_plan, set_target
from stores.commission.models import CommissionPlan, Settlement
from stores.commission.queries import house_zone
from stores.commission.rules import FIRST_PLAN, Month
from stores.commission.settling import settle_month
from stores.conversions.actions import judge_receipts, propose_rule
from stores.conversions.models import Credit, CreditRule
from stores.conversions.trying import TRIED_OVER, begin_trial, carry_on_trials
from stores.disputes.actions import answer_dispute, decide_dispute, open_dispute
from stores.disputes.models import Dispute, DisputeReason
from stores.disputes.queries import claimable
from stores.ledger.columns import FIELDS
from stores.ledger.heads import guess
from stores.ledger.models import TouchKind
from stores.ledger.models_of_imports import PurchaseImport
from stores.ledger.steps import record_touch
from stores.ledger.uploading import bring, map_columns, start
from stores.ledger.working import carry_on
from stores.org.access import actor_of, actor_of_guide
from stores.org.models import Account, Guide, LegalEntity, Role, Store

HEADS: Final = (
    "订单号", "货号", "数量", "实付金额", "退货原单",
    "门店编号", "下单时间", "会员卡号", "导购工号",
)  # fmt: skip
_ORDERS: Final = 90
_ORDER_DAYS: Final = 85
_OF_FAULTY: Final = 9
_BY_TARGET: Final[dict[str, Any]] = {
    "by": "target",
    "whole": True,
    "rungs": [
        {"from": 0, "per_mille": 8}, {"from": 80, "per_mille": 12}, {"from": 100, "per_mille": 18},
    ],
}  # fmt: skip
_SHARED: Final[dict[str, Any]] = {
    "ladder": [
        {"kind": "owner", "window_days": 90},
        {"kind": "last_touch", "window_days": 30},
        {"kind": "server"},
    ],
    "server_share": 20,
}


# ---------------------------------------------------------------- files of orders


def bring_orders(*, by: Actor) -> None:
    """Orders of the web shop by a file, and a second file that waits after its trial; once."""
    with scope_of(by):
        if PurchaseImport.objects.exists():
            return
        office = Account.objects.filter(is_superuser=True).order_by("pk")[0]
        members = list(
            Member.objects.filter(state=MemberState.ACTIVE)
            .exclude(home_store=None)
            .select_related("owner")
            .order_by("card_no")
        )
        stores = Store.objects.in_bulk()
        guides: dict[int, list[Guide]] = defaultdict(list)
        for guide in Guide.objects.filter(role=Role.GUIDE).order_by("employee_no"):
            guides[guide.store_id].append(guide)
    chance = random.Random(SEED + 6)  # noqa: S311 - invented data
    rows = list(_orders(chance, members, guides, stores, timezone.localtime()))
    key = _upload("微商城订单.csv", rows, office)
    start(key, by=actor_of(office))
    carry_on(key)
    late = [["L" + row[0][1:], *row[1:]] for row in rows[:_OF_FAULTY] if not row[4]]
    late[1][5], late[2][3], late[3][8] = "S099", "二百元", "G777"
    _upload("十月补录.csv", late, office)


def _upload(name: str, rows: Sequence[Sequence[str]], office: Account) -> int:
    """A file up to the end of its trial; its key."""
    text = io.StringIO()
    csv.writer(text).writerows([HEADS, *rows])
    by = actor_of(office)
    opened = io.BytesIO(text.getvalue().encode("utf-8-sig"))
    row = bring(opened, name=name, source="webshop", account=office, by=by)
    carry_on(row.pk)
    places = guess(HEADS, FIELDS)
    map_columns(
        row.pk, places=places, store="", in_yuan=True, zone=settings.TIME_ZONE, by=by
    )  # fmt: skip
    carry_on(row.pk)
    return row.pk


def _orders(
    chance: random.Random,
    members: Sequence[Member],
    guides: Mapping[int, Sequence[Guide]],
    stores: Mapping[int, Store],
    now: datetime,
) -> Iterator[list[str]]:
    """One in six comes back within the week; one in three was sold by a colleague of the owner."""
    for number in range(1, _ORDERS + 1):
        member = chance.choice(members)
        store = stores[member.home_store_id or 0]
        at = now - timedelta(days=chance.randint(1, _ORDER_DAYS), minutes=chance.randint(0, 700))
        server = chance.choice(guides[store.pk]) if number % 3 == 0 else member.owner
        employee = server.employee_no if server is not None else ""
        sku, _name, _category, price, _points = chance.choice(names.PRODUCTS)
        about = [store.code, f"{at:%Y-%m-%d %H:%M:%S}", member.card_no, employee]
        yield [f"W{number:05d}", sku, "1", f"{price / 100:.2f}", "", *about]
        back = at + timedelta(days=chance.randint(1, 6))
        if number % 6 == 0 and back < now:
            about[1] = f"{back:%Y-%m-%d %H:%M:%S}"
            told = [f"W{number:05d}R", sku, "-1", f"-{price / 100:.2f}", f"W{number:05d}/1"]
            yield [*told, *about]


# ---------------------------------------------------------------- what it is worth


def earn(*, by: Actor) -> None:
    """Plan, targets, two settled months, disputes at every stage, a rule on trial.

    Whatever stands already is left alone, so a start that was cut off is gone on with.
    """
    with scope_of(by):
        office, other = Account.objects.filter(is_superuser=True).order_by("pk")[:2]
        entities = list(LegalEntity.objects.order_by("pk"))
        stores = list(Store.objects.select_related("entity").order_by("code"))
    now = timezone.now()
    this = Month.of(now, house_zone())
    _plan(this, office, other, now=now)
    for store in stores:
        _aim(store, this, by=actor_of(office))
    _settle(this, entities, now=now, by=actor_of(office))
    _disagree(this.away(-1), now, by=by)
    _propose_rule(this.away(1), office, now=now)


def _settle(this: Month, entities: Sequence[LegalEntity], *, now: datetime, by: Actor) -> None:
    with scope_of(by):
        done = set(Settlement.objects.values_list("entity_id", "month"))
    for back in (2, 1):
        month = this.away(-back)
        for entity in entities:
            # The franchise has not settled last month yet: HQ sees what waits.
            is_due = back == 2 or entity == entities[0]
            if is_due and (entity.pk, month.first) not in done:
                settle_month(entity, month, now=now, by=by)


def _plan(this: Month, office: Account, other: Account, *, now: datetime) -> None:
    """The one in force, approved by another person, and one that is only proposed."""
    with scope_of(actor_of(office)):
        if CommissionPlan.objects.exists():
            return
    plan = propose_plan(
        name="阶梯提成", terms=FIRST_PLAN, effective_from=this.away(-4).first, by=actor_of(office)
    )
    approve_plan(plan, account=other, now=now, by=actor_of(other))
    propose_plan(
        name="按目标达成", terms=_BY_TARGET, effective_from=this.away(1).first, by=actor_of(office)
    )


def _aim(store: Store, this: Month, *, by: Actor) -> None:
    """A tenth more than the past months brought, each guide a part by what she sold."""
    with scope_of(by):
        sold = _monthly(store, this)
        guides = {guide.pk: guide for guide in Guide.objects.filter(pk__in=sold)}
    for back in (2, 1, 0):
        month: date = this.away(-back).first
        parts = {
            number: max(1_000_000, _round(amount * 11 // 10)) for number, amount in sold.items()
        }
        set_target(month=month, store=store, guide=None, amount=sum(parts.values()), by=by)
        for number, amount in parts.items():
            set_target(month=month, store=store, guide=guides[number], amount=amount, by=by)


def _monthly(store: Store, this: Month) -> dict[int, int]:
    """What each guide sold in a month on average, over the last three."""
    found = Credit.objects.filter(
        store_no=store.pk, sold_at__gte=this.away(-3).begins, sold_at__lt=this.begins
    )
    sums = found.values("guide_no").annotate(sold=Sum("amount")).order_by("guide_no")
    return {row["guide_no"]: row["sold"] // 3 for row in sums}


def _round(amount: int) -> int:
    """To thousands of yuan, as people say targets."""
    return amount // 100_000 * 100_000


def _propose_rule(next_month: Month, office: Account, *, now: datetime) -> None:
    with scope_of(actor_of(office)):
        if CreditRule.objects.filter(approved_at=None).exists():
            return
    rule = propose_rule(
        name="老客算三个月，接待分两成",
        terms=_SHARED,
        effective_from=next_month.begins,
        by=actor_of(office),
    )
    begin_trial(rule, since=now - TRIED_OVER, until=now, by=Actor.system("rule proposed"))
    carry_on_trials(now)


# ---------------------------------------------------------------- disputes


def _disagree(last: Month, now: datetime, *, by: Actor) -> None:
    """Four disputes of one store: changed, kept, waiting for an answer, waiting for the manager."""
    with scope_of(by):
        if Dispute.objects.exists():
            return
        people = {
            guide.employee_no: guide
            for guide in Guide.objects.select_related("store", "account").filter(
                store__code="S001"
            )
        }  # fmt: skip
    lin, zhou, su, manager = (people[number] for number in ("G001", "G002", "G003", "M001"))
    changed = _claim(zhou, lin, last, "我陪她试了一个多小时，尺码也是我调的。", now, by=by)
    if changed is not None:
        _answer(changed, lin, "是她接待的，会员是我的老客，一人一半我同意。", now)
        _decide(changed, manager, 50, "试衣由周宁接待，有到店记录；会员是林晓维护的，各一半。", now)
        judge_receipts([(changed.source, changed.receipt_no)], by=by)
    kept = _claim(su, lin, last, "那天她先来找我，我陪她看了一圈。", now, by=by)
    if kept is not None:
        _answer(kept, lin, "她是来改衣服的，这件是我约她来看的。", now)
        _decide(kept, manager, 0, "到店记录是改衣服，和这笔成交无关，维持原归属。", now)
    _claim(zhou, lin, last, "她来取衣服时我又帮她配了这一件。", now, by=by)
    waiting = _claim(lin, zhou, last, "这位是我带她办的会员，成交前我刚联系过。", now, by=by)
    if waiting is not None:
        _answer(waiting, zhou, "那天是我接待的，不知道她联系过，请店长定。", now)


def _claim(
    claimant: Guide,
    holder: Guide,
    month: Month,
    text: str,
    now: datetime,
    *,
    by: Actor,
) -> Dispute | None:
    """The claimant says that a receipt of the month is hers, with a visit of hers as evidence.

    The last one that nobody has disputed; None when there is none.
    """
    with scope_of(by):
        # At the till the owner met her too: the claimant's visit alone does not move the credit.
        credits = Credit.objects.filter(
            source="till",
            guide_no=holder.pk, store_no=holder.store_id, refund_of="", member_no__isnull=False,
            sold_at__gte=month.begins, sold_at__lt=month.ends,
        )  # fmt: skip
        disputed = Dispute.objects.values("receipt_no")
        credit = credits.exclude(receipt_no__in=disputed).order_by("-sold_at", "pk").first()
    if credit is None:
        return None
    _visit(claimant, credit, by=by)
    meets_all = replace(actor_of_guide(claimant), scope=EVERYTHING, reason="dispute")
    with scope_of(meets_all):
        hers = claimable(claimant, credit.receipt_no)
    return open_dispute(
        claimant,
        credit.receipt_no,
        reason=DisputeReason.SERVED,
        text=text,
        touches=hers.numbers if hers is not None else (),
        now=now - timedelta(days=2, hours=2),
        by=meets_all,
    )


@action
def _visit(guide: Guide, credit: Credit, *, by: Actor) -> None:
    """She looked after the member on that day, before the owner closed the sale."""
    record_touch(
        TouchKind.VISIT,
        once=f"demo:dispute:{guide.pk}:{credit.receipt_no}",
        at=credit.sold_at - timedelta(minutes=50),
        member_no=credit.member_no,
        guide_no=guide.pk,
        store_no=guide.store_id,
        source="demo",
    )


def _answer(dispute: Dispute, guide: Guide, text: str, now: datetime) -> None:
    at = now - timedelta(days=1, hours=5)
    answer_dispute(dispute, guide=guide, text=text, now=at, by=actor_of_guide(guide))


def _decide(dispute: Dispute, judge: Guide, percent: int, verdict: str, now: datetime) -> None:
    decide_dispute(
        dispute, percent=percent, verdict=verdict, judge=judge, name=judge.name,
        now=now - timedelta(hours=20), by=actor_of_guide(judge),
    )  # fmt: skip
