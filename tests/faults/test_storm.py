"""Callbacks doubled, late and lost, workers killed, Valkey empty: after one look both worlds agree.

The bounded size of `manage.py bench storm`, with the same processes; the full one takes hours.
"""

from __future__ import annotations

import pytest

from bench._system import product_environment, running_system
from bench.storm import storm

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_a_storm_the_house_equals_the_sandbox() -> None:
    with running_system(product_environment()) as system:
        seen = storm(system, acts=110, guides=6, customers=20, kills=3, patience=240.0)
    assert seen["for_example"] == ""
    assert (seen["twice"], seen["parked"]) == (0, 0)
    assert seen["correct"]
    # It was a storm: callbacks came, and some came again.
    assert seen["callbacks"] > 70
    assert seen["repeats"] > 0
