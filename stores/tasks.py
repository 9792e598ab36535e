"""Celery's doors of this floor, imported from its rooms for the worker to find them."""

from stores.commission.tasks import carry_on_settling
from stores.conversions.tasks import carry_on_rule_trials
from stores.figures.tasks import carry_on_figure_proofs, keep_figures, prove_figures
from stores.ledger.tasks import (
    carry_on_purchase_files,
    empty_old_purchase_files,
    open_months,
)
from stores.org.tasks import end_hand_overs

__all__ = [
    "carry_on_figure_proofs",
    "carry_on_purchase_files",
    "carry_on_rule_trials",
    "carry_on_settling",
    "empty_old_purchase_files",
    "end_hand_overs",
    "keep_figures",
    "open_months",
    "prove_figures",
]
