"""`make smoke`: walks the story against the running demo and prints a table of steps with times."""

from __future__ import annotations

import os
import sys
import time
import unicodedata

import requests
from websockets.exceptions import WebSocketException

from config.demo.story import Story
from config.demo.visitor import Unexpected

_WIDTH = 46


def run() -> int:
    """0 when every step did what the story says, 1 at the first that did not."""
    story = Story(os.environ)
    begun = time.monotonic()
    for number, (title, step) in enumerate(story.steps(), start=1):
        started = time.monotonic()
        try:
            seen = step()
        except (Unexpected, requests.RequestException, WebSocketException, TimeoutError) as error:
            _line(number, title, time.monotonic() - started, f"✗ {error}")
            return 1
        _line(number, title, time.monotonic() - started, f"✓ {seen}")
    sys.stdout.write(f"\n主线走完 / the main job is done: {time.monotonic() - begun:.1f} s\n")
    return 0


def _line(number: int, title: str, seconds: float, word: str) -> None:
    """One row; Chinese takes two columns of a terminal."""
    wide = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in title)
    sys.stdout.write(f"{number:>2}  {title}{' ' * max(1, _WIDTH - wide)}{seconds:6.1f} s  {word}\n")
    sys.stdout.flush()
