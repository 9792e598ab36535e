"""A retailer's published log through our own door, and the same questions asked of the raw files.

The files of the folder that `JOURNEY` names (columns as `completejourney` writes them) come in by
the ordinary import with a column mapping; campaigns and redemptions come in as touches. Totals,
repeat rates and campaign results must equal SQL over tables into which the files were copied as
they are. The log is others' and stands nowhere here: without a folder a sample of our own is made.
"""

from __future__ import annotations

import csv
import os
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection

from bench._ground import fresh_database, peak_megabytes, seconds
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor
from members.identity.models import Member, MemberState
from stores.ledger.columns import Reading
from stores.ledger.importing import take_file
from stores.ledger.models import TouchKind
from stores.ledger.months import open_months_from
from stores.ledger.steps import record_touch
from stores.org.models import LegalEntity, Region, Store

ALONE = True
BENCH = Actor.system("bench")
SOURCE = "journey"
AS_OURS = Reading(
    names={
        "receipt_no": "basket_id", "sku": "product_id", "quantity": "quantity",
        "amount": "sales_value", "store": "store_id", "sold_at": "transaction_timestamp",
        "card": "household_id",
    },
    in_yuan=True,
    zone="UTC",
)  # fmt: skip
FILES = {
    "transactions": "household_id int, store_id int, basket_id text, product_id text, quantity int,"
    " sales_value numeric, retail_disc numeric, coupon_disc numeric, coupon_match_disc numeric,"
    " week int, transaction_timestamp timestamp",
    "campaigns": "campaign_id int, household_id int",
    "campaign_descriptions": "campaign_id int, campaign_type text, start_date date, end_date date",
    "coupon_redemptions": "household_id int, coupon_upc text, campaign_id int,"
    " redemption_date date",
}
# The same question of the ledger and of the raw tables: name → (ours, theirs), rows in one order.
QUESTIONS: dict[str, tuple[str, str]] = {
    "totals": (
        "SELECT count(*), count(DISTINCT receipt_no), sum(amount), sum(quantity),"
        " count(DISTINCT member_no), count(DISTINCT store_no) FROM stores_purchaseline",
        "SELECT count(*), count(DISTINCT basket_id), (sum(sales_value) * 100)::bigint,"
        " sum(quantity), count(DISTINCT household_id), count(DISTINCT store_id)"
        " FROM raw_transactions",
    ),
    "stores": (
        "SELECT s.code, count(*), sum(amount) FROM stores_purchaseline p"
        " JOIN stores_store s ON s.id = p.store_no GROUP BY 1 ORDER BY 1",
        "SELECT store_id::text, count(*), (sum(sales_value) * 100)::bigint"
        " FROM raw_transactions GROUP BY 1 ORDER BY 1",
    ),
    "days": (
        "SELECT (sold_at AT TIME ZONE 'UTC')::date, count(DISTINCT receipt_no), sum(amount)"
        " FROM stores_purchaseline GROUP BY 1 ORDER BY 1",
        "SELECT transaction_timestamp::date, count(DISTINCT basket_id),"
        " (sum(sales_value) * 100)::bigint FROM raw_transactions GROUP BY 1 ORDER BY 1",
    ),
    # Of each month's buyers, how many bought on more than one day of it.
    "repeat_rates": (
        "SELECT month, count(*), count(*) FILTER (WHERE days > 1) FROM ("
        " SELECT date_trunc('month', sold_at AT TIME ZONE 'UTC') AS month, member_no,"
        " count(DISTINCT (sold_at AT TIME ZONE 'UTC')::date) AS days FROM stores_purchaseline"
        " GROUP BY 1, 2) m GROUP BY 1 ORDER BY 1",
        "SELECT month, count(*), count(*) FILTER (WHERE days > 1) FROM ("
        " SELECT date_trunc('month', transaction_timestamp) AS month, household_id,"
        " count(DISTINCT transaction_timestamp::date) AS days FROM raw_transactions"
        " GROUP BY 1, 2) m GROUP BY 1 ORDER BY 1",
    ),
    "members": (
        "SELECT m.card_no::int, count(DISTINCT receipt_no), sum(amount) FROM stores_purchaseline p"
        " JOIN members_member m ON m.id = p.member_no GROUP BY 1 ORDER BY 1",
        "SELECT household_id, count(DISTINCT basket_id), (sum(sales_value) * 100)::bigint"
        " FROM raw_transactions GROUP BY 1 ORDER BY 1",
    ),
    # Whom a campaign reached, who redeemed how often, what the reached bought while it ran.
    "campaigns": (
        "SELECT d.campaign_id, r.reached, coalesce(c.redeemers, 0), coalesce(c.redemptions, 0),"
        " coalesce(r.sales, 0) FROM raw_campaign_descriptions d"
        " LEFT JOIN LATERAL (SELECT count(DISTINCT t.member_no) AS reached, (SELECT sum(p.amount)"
        "   FROM stores_purchaseline p WHERE p.member_no IN (SELECT x.member_no FROM stores_touch x"
        "     WHERE x.kind = 'push' AND x.source = 'campaign:' || d.campaign_id)"
        "   AND (p.sold_at AT TIME ZONE 'UTC')::date BETWEEN d.start_date AND d.end_date) AS sales"
        "   FROM stores_touch t WHERE t.kind = 'push' AND t.source = 'campaign:' || d.campaign_id"
        " ) r ON true"
        " LEFT JOIN LATERAL (SELECT count(DISTINCT member_no) AS redeemers, count(*) AS redemptions"
        "   FROM stores_touch WHERE kind = 'coupon_used' AND source = 'campaign:' || d.campaign_id"
        " ) c ON true ORDER BY 1",
        "SELECT d.campaign_id, (SELECT count(DISTINCT household_id) FROM raw_campaigns c"
        "   WHERE c.campaign_id = d.campaign_id),"
        " (SELECT count(DISTINCT household_id) FROM raw_coupon_redemptions r"
        "   WHERE r.campaign_id = d.campaign_id),"
        " (SELECT count(*) FROM raw_coupon_redemptions r WHERE r.campaign_id = d.campaign_id),"
        " (SELECT coalesce(sum(sales_value) * 100, 0)::bigint FROM raw_transactions t"
        "   WHERE t.transaction_timestamp::date BETWEEN d.start_date AND d.end_date AND"
        "   t.household_id IN (SELECT household_id FROM raw_campaigns c"
        "     WHERE c.campaign_id = d.campaign_id)) FROM raw_campaign_descriptions d ORDER BY 1",
    ),
}  # fmt: skip


def run(scale: str) -> dict[str, Any]:
    """Import the folder's files, then ask both sides. Wrong when any answer differs."""
    named = os.environ.get("JOURNEY", "")
    with fresh_database(), tempfile.TemporaryDirectory(prefix="house-bench-") as made:
        set_session_scope(EVERYTHING)
        folder = Path(named or made)
        if not named:
            make_sample(folder, baskets=20_000 if scale == "full" else 2_000)
        copy_raw(folder)
        make_house()
        before = peak_megabytes()
        took = seconds(partial(import_log, folder))
        wrong, shown = compare()
        (lines, receipts, amount, _, members, stores) = shown["totals"][0]
        return {
            "lines": lines,
            "receipts": receipts,
            "minor_units": amount,
            "members": members,
            "stores": stores,
            "campaigns": len(shown["campaigns"]),
            "redemptions": sum(row[3] for row in shown["campaigns"]),
            "import_s": took,
            "lines_a_second": lines / took,
            "more_memory_mb": peak_megabytes() - before,
            "differing_answers": ", ".join(wrong) or "none",
            "correct": not wrong,
        }


def copy_raw(folder: Path) -> None:
    """The files as they are, in tables that end with the connection."""
    with connection.cursor() as cursor:
        for name, columns in FILES.items():
            cursor.execute(f"CREATE TEMP TABLE raw_{name} ({columns})")
            with (folder / f"{name}.csv").open("rb") as opened:
                statement = f"COPY raw_{name} FROM STDIN WITH (FORMAT csv, HEADER true)"
                with cursor.copy(statement) as copy:
                    while chunk := opened.read(1 << 20):
                        copy.write(chunk)


def make_house() -> None:
    """A store for each of theirs, a member for each household, months for their facts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT store_id::text FROM raw_transactions ORDER BY 1")
        codes = [code for (code,) in cursor.fetchall()]
        cursor.execute(
            "SELECT household_id::text FROM raw_transactions"
            " UNION SELECT household_id::text FROM raw_campaigns"
            " UNION SELECT household_id::text FROM raw_coupon_redemptions ORDER BY 1"
        )
        cards = [card for (card,) in cursor.fetchall()]
        cursor.execute("SELECT min(transaction_timestamp)::date FROM raw_transactions")
        first: date = cursor.fetchone()[0]
    entity = LegalEntity.objects.create(name="Journey Ltd", contact="privacy@example.com")
    region = Region.objects.create(name="Journey")
    Store.objects.bulk_create(
        Store(name=f"Store {code}", code=code, region=region, entity=entity) for code in codes
    )
    home = Store.objects.order_by("pk")[0]
    Member.objects.bulk_create(
        Member(entity=entity, card_no=card, state=MemberState.ACTIVE, home_store=home)
        for card in cards
    )
    for months in range(0, 14, 3):
        open_months_from(first + timedelta(days=31 * months))


def import_log(folder: Path) -> None:
    """Purchases by the ordinary import; whom a campaign reached, what was redeemed: touches."""
    for _ in take_file(folder / "transactions.csv", source=SOURCE, reading=AS_OURS, by=BENCH):
        pass
    members = dict(Member.objects.values_list("card_no", "pk"))
    begins = {
        row["campaign_id"]: row["start_date"] for row in _rows(folder, "campaign_descriptions")
    }
    told = [(TouchKind.PUSH, row, begins[row["campaign_id"]]) for row in _rows(folder, "campaigns")]
    told += [
        (TouchKind.COUPON_USED, row, row["redemption_date"])
        for row in _rows(folder, "coupon_redemptions")
    ]
    for start in range(0, len(told), 1000):
        tell(told[start : start + 1000], members, start, by=BENCH)


@action
def tell(
    told: list[tuple[TouchKind, dict[str, str], str]],
    members: dict[str, int],
    start: int,
    *,
    by: Actor,
) -> None:
    """Each row of the log once, however often it is told."""
    for number, (kind, row, on) in enumerate(told, start=start):
        record_touch(
            kind,
            once=f"journey:{number}",
            at=datetime.fromisoformat(on).replace(tzinfo=UTC),
            member_no=members[row["household_id"]],
            source=f"campaign:{row['campaign_id']}",
        )


def compare() -> tuple[list[str], dict[str, list[Any]]]:
    """The questions that the two sides answer otherwise, and our answers."""
    wrong, shown = [], {}
    with connection.cursor() as cursor:
        for name, (ours, theirs) in QUESTIONS.items():
            cursor.execute(ours)
            shown[name] = cursor.fetchall()
            cursor.execute(theirs)
            if shown[name] != cursor.fetchall():
                wrong.append(name)
    return wrong, shown


def make_sample(folder: Path, *, baskets: int) -> None:
    """A log of our own in the same columns; the same in every run."""
    dice = random.Random(27)  # noqa: S311
    first = datetime(2026, 2, 1, 9)  # noqa: DTZ001 - the log's times name no zone

    def lines() -> Iterator[list[object]]:
        for number in range(baskets):
            at = first + timedelta(minutes=number * 90 * 1440 // baskets)
            household, store = dice.randint(1, 60), dice.randint(301, 307)
            for _ in range(dice.randint(1, 6)):
                cents = dice.randint(0, 4_000)
                row = [household, store, 50_000 + number, dice.randint(900, 990)]
                yield [*row, dice.randint(1, 3), f"{cents / 100:.2f}", 0, 0, 0, 1, at]

    _write(folder, "transactions", lines())
    _write(folder, "campaigns", ([c, h] for c in (1, 2, 3) for h in dice.sample(range(1, 61), 20)))
    spans = [(1, "2026-02-03", "2026-02-20"), (2, "2026-03-01", "2026-04-01")]
    spans.append((3, "2026-04-10", "2026-04-12"))
    _write(folder, "campaign_descriptions", ([n, "Type A", begin, end] for n, begin, end in spans))
    _write(
        folder,
        "coupon_redemptions",
        ([dice.randint(1, 60), 10_000 + n, dice.randint(1, 2), "2026-03-05"] for n in range(90)),
    )


def _write(folder: Path, name: str, rows: Any) -> None:
    with (folder / f"{name}.csv").open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow([column.split()[0] for column in FILES[name].split(", ")])
        writer.writerows(rows)


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="") as opened:
        yield from csv.DictReader(opened)
