"""`manage.py prove_figures`: count every sum from the facts now, and say whether all were right."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kit.actions import scope_of
from stores.figures.keeping import KEEPER, keep_all, prove_all


class Command(BaseCommand):
    help = "从事实重算全部业绩合计，改正并报告出入"

    def handle(self, **options: Any) -> None:
        """Exit 1 when a sum differed; it is mended by then."""
        keep_all(timezone.now(), most=100_000)
        proof = prove_all(timezone.now())
        self.stdout.write(f"store days {proof.days}, differences {proof.differences}")
        with scope_of(KEEPER):
            for row in proof.found.all():
                self.stdout.write(
                    f"{row.table} {row.store_no} {row.day} {row.part}: {row.stood} → {row.counted}"
                )
        if proof.differences:
            raise CommandError("sums differed from the facts; they are mended")
