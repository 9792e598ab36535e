"""Import purchases and refunds from a file: `manage.py import_purchases FILE --source till`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kit.actor import Actor
from stores.ledger.columns import COLUMNS, Reading, WrongColumns
from stores.ledger.importing import PORTION, Overtaken, Taken, in_words, take_file
from stores.ledger.intake import TITLES, Answer


class Command(BaseCommand):
    help = (
        "Import purchases from CSV or XLSX (a row per line, lines of a receipt together) or NDJSON "
        "(a receipt per line, as the API takes it). Amounts in minor units. Repeating an import "
        "counts nothing twice; one that died goes on where it stopped. Columns: "
        + ", ".join(COLUMNS)
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
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="OURS=THEIRS",
            help="our column is called so in the file; other columns are left alone then",
        )
        parser.add_argument(
            "--constant", action="append", default=[], metavar="OURS=VALUE", help="for every row"
        )
        parser.add_argument(
            "--yuan", action="store_true", help="amounts are written in yuan, with a point"
        )
        parser.add_argument("--zone", default="", help="of times that name none: Asia/Shanghai")
        parser.add_argument("--portion", type=int, default=PORTION, help="receipts a transaction")

    def handle(self, *_args: Any, **options: Any) -> None:
        reading = Reading(
            names=_pairs(options["column"]), constants=_pairs(options["constant"]),
            in_yuan=options["yuan"], zone=options["zone"],
        )  # fmt: skip
        taken, shown = Taken(), 0
        try:
            for taken in take_file(
                options["file"],
                source=options["source"],
                reading=reading,
                is_dry_run=options["dry_run"],
                portion=options["portion"],
                by=Actor.system("import of purchases"),
            ):
                for row, answer in taken.complaints[: max(0, options["most_errors"] - shown)]:
                    self.stderr.write(_complaint(row, answer))
                shown += len(taken.complaints)
                self._progress(taken)
        except (OSError, UnicodeDecodeError, WrongColumns) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        except Overtaken as error:
            raise CommandError("another process is taking this file in") from error
        self._end(taken, is_dry_run=options["dry_run"])

    def _progress(self, taken: Taken) -> None:
        """A line that rewrites itself, where somebody looks on."""
        if sys.stdout.isatty():
            self.stdout.write(f"\r{taken.receipts} receipts", ending="")
            self.stdout.flush()

    def _end(self, taken: Taken, *, is_dry_run: bool) -> None:
        said, lines = "would be " if is_dry_run else "", taken.lines
        self.stdout.write(
            f"lines {said}recorded {lines['recorded']}, known {lines['known']},"
            f" clashing {lines['clash']}; receipts at fault {taken.faulty}"
        )
        if taken.faulty:
            raise CommandError(f"{taken.faulty} receipts need a look; everything else is in.")


def _pairs(told: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in told]
    for ours, sign, theirs in pairs:
        if not sign or ours not in COLUMNS:
            raise CommandError(f"{ours}{sign}{theirs}: one of {', '.join(COLUMNS)}, then = and it")
    return {ours: theirs for ours, _, theirs in pairs}


def _complaint(row: int, answer: Answer) -> str:
    return f"row {row} · {answer.receipt_no or '?'} · {TITLES[answer.status]} {in_words(answer)}"
