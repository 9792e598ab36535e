"""Doors of this room for Celery: sums follow the facts; every night all of them are counted."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from stores.figures.keeping import KEEPER, begin_proof, carry_on_proofs, keep_all


@shared_task
def keep_figures() -> None:
    keep_all(timezone.now())


@shared_task
def prove_figures() -> None:
    begin_proof(at=timezone.now(), by=KEEPER)


@shared_task
def carry_on_figure_proofs() -> None:
    carry_on_proofs(timezone.now())
