"""Credit every purchase anew from the facts. Safe to stop and to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kit.actor import Actor
from stores.conversions.actions import judge_next


class Command(BaseCommand):
    help = "Credit every purchase anew. After a bulk load of facts, or to prove the credits right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--after", type=int, default=0, help="go on after this receipt key")

    def handle(self, *_: Any, **options: Any) -> None:
        by = Actor.system("recount of credits")
        after: int | None = options["after"]
        changed = 0
        while after is not None:
            step = judge_next(after, by=by)
            changed += step.changed
            after = step.after
            if after is not None and options["verbosity"] > 1:
                self.stdout.write(f"up to key {after}: {changed} credits changed")
        self.stdout.write(f"credits changed: {changed}")
