"""`manage.py bot_eval FILE --articles FILE`: how good the bot is on labelled questions, as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bot.understanding.calibration import THRESHOLD
from bot.understanding.evaluation import (
    GROUP,
    ONE_TO_ONE,
    evaluate,
    fitted,
    read_articles,
    read_questions,
)


class Command(BaseCommand):
    help = (
        "Runs labelled questions through the bot's whole decision and prints precision, coverage, "
        'calibration and latency as JSON. FILE: lines {"text","answer_id"}; articles: lines '
        '{"id","question","answer","phrasings"?}.'
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own name and shape

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--articles", type=Path, required=True)
        parser.add_argument(
            "--channel",
            choices=["group", "kf"],
            default="group",
            help="group: people talk to each other; kf: 1:1 customer service",
        )
        parser.add_argument("--threshold", type=float, default=THRESHOLD)
        parser.add_argument(
            "--fit",
            type=float,
            metavar="PRECISION",
            help="fit a calibration on FILE instead; print it and the threshold that reaches it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            questions = read_questions(_lines(options["file"]))
            entries = read_articles(_lines(options["articles"]))
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["fit"] is not None:
            calibration, threshold = fitted(questions, entries, precision=options["fit"])
            found: dict[str, Any] = {
                "weights": [round(weight, 4) for weight in calibration.weights],
                "offset": round(calibration.offset, 4),
                "threshold": round(threshold, 4),
            }
        else:
            found = evaluate(
                questions,
                entries,
                place=GROUP if options["channel"] == "group" else ONE_TO_ONE,
                threshold=options["threshold"],
            )
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines()
