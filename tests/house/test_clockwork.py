"""What the clock sends is known to the workers by that very name; else it is thrown away unread."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from django.utils.module_loading import import_string

from config.celery import app
from config.clock import JOBS, SWEEP_QUEUES, SWEEPS

ROOT: Final = Path(__file__).resolve().parents[2]


def test_workers_know_every_task_of_the_clock() -> None:
    sent = [*SWEEPS, *(job.task for job in JOBS)]
    for path in sent:
        import_string(path)
    assert [path for path in sent if path not in app.tasks] == []


def test_a_sweep_of_its_own_queue_is_a_sweep_and_waits_behind_nobody_urgent() -> None:
    assert set(SWEEP_QUEUES) <= set(SWEEPS)
    assert SWEEP_QUEUES["members.tasks.carry_on_imports"] == "bulk"
    assert "urgent" not in SWEEP_QUEUES.values()


def test_the_night_has_a_night_and_waits_behind_nobody() -> None:
    over_everybody = {
        f"members.tasks.{name}"
        for name in (
            *("reckon_stages", "keep_facets", "judge_tiers", "move_points_by_time", "prove_points"),
            *("compare_outside", "draw_data_map", "look_for_doubles", "match_old_friends"),
            *("carry_out_tag_rules", "retain", "end_memberships"),
        )
    }
    app.loader.import_default_modules()
    for task in over_everybody:
        assert (app.tasks[task].soft_time_limit or 0) >= 3600, task
    assert {job.queue for job in JOBS if job.task in over_everybody} == {"bulk"}


def test_whoever_claims_by_a_number_has_one_of_its_own() -> None:
    """Two-part advisory locks share one space: the same first half is the same lock."""
    said = re.compile(r"^_LOCK(?:_CLASS)?(?:: Final)? = \(?(\d{4})", re.MULTILINE)
    found = [
        number
        for floor in ("kit", "config", "wecom", "stores", "members", "groups", "bot")
        for path in (ROOT / floor).rglob("*.py")
        for number in said.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(found) >= 7
    assert len(set(found)) == len(found)
