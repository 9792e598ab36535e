"""Import purchases and refunds from a file: `manage.py import_purchases FILE --source till`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kit.actor import Actor
from stores.ledger.files import COLUMNS, FileReceipt, WrongColumns, receipts_in
from stores.ledger.intake import CLASH, REFUSED, TITLES, Answer, Intake


class Command(BaseCommand):
    help = (
        "Import purchases from CSV (a row per line, lines of a receipt together) or NDJSON (a "
        "receipt per line, as the API takes it). Amounts in minor units. Repeating an import, or "
        "one that died halfway, counts nothing twice. CSV columns: " + ", ".join(COLUMNS)
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--source", required=True, help="whose receipt numbers these are, as in the key"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument(
            "--most-errors", type=int, default=100, help="show so many faulty rows at most"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        intake = Intake(
            source=options["source"],
            by=Actor.system("import of purchases"),
            is_history=True,
            is_dry_run=options["dry_run"],
        )
        happened: Counter[str] = Counter()
        faulty = 0
        try:
            for row, answer in _answered(intake, options["file"]):
                for _, what in answer.lines:
                    happened[str(what)] += 1
                if answer.status in (CLASH, REFUSED):
                    faulty += 1
                    if faulty <= options["most_errors"]:
                        self.stderr.write(_complaint(row, answer))
        except (OSError, UnicodeDecodeError, WrongColumns) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        said = "would be " if options["dry_run"] else ""
        self.stdout.write(
            f"lines {said}recorded {happened['recorded']}, known {happened['known']},"
            f" clashing {happened['clash']}; receipts at fault {faulty}"
        )
        if faulty:
            raise CommandError(f"{faulty} receipts need a look; everything else is in.")


def _answered(intake: Intake, path: Path) -> Iterator[tuple[int, Answer]]:
    """Each receipt's first row with its answer; only a chunk of the file is in memory."""
    rows: list[int] = []

    def raws() -> Iterator[object]:
        receipt: FileReceipt
        for receipt in receipts_in(path):
            rows.append(receipt.row)
            yield receipt.raw

    for answer in intake.take(raws()):
        yield rows.pop(0), answer


def _complaint(row: int, answer: Answer) -> str:
    faults = "; ".join(f"{fault.where}: {fault.text}" for fault in answer.faults)
    return f"row {row} · {answer.receipt_no or '?'} · {TITLES[answer.status]} {faults}"
