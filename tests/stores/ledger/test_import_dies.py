"""F-32: a long file, and the process that takes it in killed with signal 9 at many points.

`FAULT_TRIALS=full` takes in 200 000 rows and holds their memory below 500 MB.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db.models import Sum

from stores.ledger.models import PurchaseLine, ReceiptKey
from stores.ledger.models_of_imports import PurchaseImport
from tests.cast import make_cast
from tests.servers import TestServers

pytestmark = pytest.mark.django_db(transaction=True)
FULL = os.environ.get("FAULT_TRIALS") == "full"
ROWS, PORTION = (200_000, 2_000) if FULL else (400, 20)
KILLS = [("inside", 1), ("after", 2), ("inside", 2)]
KILLS = [*KILLS * 3, ("after", 3)] if FULL else KILLS
MOST_MEGABYTES = 500


@contextmanager
def mortals(servers: TestServers) -> Iterator[subprocess.Popen[str]]:
    """The process that forks for us."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stores.ledger.dying"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **servers.environment()},
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)


def ended(process: subprocess.Popen[str], path: Path, moment: str, number: int) -> int:
    """A child's end after it took in the file, or died in it."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{path} {PORTION} {moment} {number}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_killed_anywhere_it_goes_on_and_counts_nothing_twice(
    servers: TestServers, transactional_db: None, tmp_path: Path
) -> None:
    make_cast()
    path = tmp_path / "purchases.csv"
    with path.open("w") as opened:
        opened.write("receipt_no,line,sku,quantity,amount,store,sold_at\n")
        for number in range(ROWS):
            opened.write(
                f"H{number // 2},{number % 2 + 1},SK-1,1,{number + 1},S001,"
                "2026-10-20T19:30:00+08:00\n"
            )
    before = 0
    with mortals(servers) as process:
        for moment, number in KILLS:
            assert ended(process, path, moment, number) == -9
            so_far = PurchaseImport.objects.get()
            # What is noted is there, and nothing else; what died inside its transaction never was.
            assert so_far.recorded == PurchaseLine.objects.count() == 2 * so_far.receipts
            portions = (so_far.receipts - before) // PORTION
            assert portions == (number if moment == "after" else number - 1)
            before = so_far.receipts
        megabytes = ended(process, path, "never", 0)
    done = PurchaseImport.objects.get()
    assert done.finished_at is not None
    assert (done.recorded, done.known, done.receipts) == (ROWS, 0, ROWS // 2)
    assert PurchaseLine.objects.count() == ReceiptKey.objects.count() == ROWS
    total = PurchaseLine.objects.aggregate(total=Sum("amount"))["total"]
    assert total == ROWS * (ROWS + 1) // 2
    assert 0 < megabytes < MOST_MEGABYTES
