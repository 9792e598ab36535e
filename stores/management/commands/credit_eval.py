"""What-if for analysts: which touchpoint would be credited with how much, by one rule."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stores.conversions.paths import RULES, Journey, evaluate, read_path

# The column's own name first, then what published data sets call it.
_NAMES = {
    "path": ("path",),
    "conversions": ("conversions", "total_conversions"),
    "value": ("value", "total_conversion_value"),
    "nulls": ("nulls", "total_null"),
}


class Command(BaseCommand):
    help = (
        "Credit the journeys of a CSV (columns path as `a > b > c`, conversions, value, nulls) by "
        "one rule and print the share of each touchpoint as JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--rule", required=True, choices=sorted(RULES))
        parser.add_argument(
            "--each-once",
            action="store_true",
            help="count a touchpoint met several times once, where it was first met",
        )
        parser.add_argument(
            "--by-rank",
            action="store_true",
            help="time_decay by rank (1, 2, 3 …) instead of halving with each step back",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            outcome = evaluate(
                _journeys(options["file"]),
                options["rule"],
                each_once=options["each_once"],
                by_rank=options["by_rank"],
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        names = sorted(outcome.conversions)
        shares = outcome.shares()
        told = {
            "rule": options["rule"],
            "conversions": sum(outcome.conversions.values()),
            "value": sum(outcome.value.values()),
            "nulls": outcome.nulls,
            "shares": {name: shares[name] for name in names},
            "touchpoints": {
                name: {"conversions": outcome.conversions[name], "value": outcome.value[name]}
                for name in names
            },
        }
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))


def _journeys(path: Path) -> Iterator[Journey]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        columns = _columns(reader.fieldnames or ())
        for row in reader:
            numbers = {
                name: float(row[column] or 0) for name, column in columns.items() if name != "path"
            }
            yield Journey(path=read_path(row[columns["path"]]), **numbers)


def _columns(head: Any) -> dict[str, str]:
    found = {
        name: next((spelt for spelt in spellings if spelt in head), "")
        for name, spellings in _NAMES.items()
    }
    missing = [name for name in ("path", "conversions") if not found[name]]
    if missing:
        raise ValueError(f"missing columns: {', '.join(missing)}")
    return {name: column for name, column in found.items() if column}
