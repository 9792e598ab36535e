"""The story goes on while web, worker and beat are killed in the middle of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.house.floors import ROOT
from tests.journeys.running import RunningDemo

pytestmark = pytest.mark.journey


def test_killing_processes_loses_nothing_and_sends_nothing_twice(demo: RunningDemo) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.kill_story", str(demo.folder)],
        cwd=ROOT,
        env={**os.environ, **demo.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
