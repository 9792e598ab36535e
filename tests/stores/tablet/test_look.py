"""The look: one list of tokens, readable in both themes, and tags that say what one would say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from stores.tablet.rules import accent_tokens
from stores.tablet.tags import bar, left, rail_items, spark, spoken, yuan

NOW = datetime(2026, 11, 21, 2, 24, tzinfo=UTC)  # Saturday, 10:24 in Shanghai


def sheet() -> str:
    found = finders.find("look/look.css")
    assert isinstance(found, str)
    return Path(found).read_text(encoding="utf-8")


def tokens(theme: int) -> dict[str, str]:
    """The tokens of the light (0) or the dark (1) theme."""
    blocks = re.findall(r":root \{(.*?)\}", sheet(), re.DOTALL)
    light = dict(re.findall(r"--([\w-]+): ([^;]+);", blocks[0]))
    dark = dict(re.findall(r"--([\w-]+): ([^;]+);", blocks[1]))
    return light if theme == 0 else light | dark


def contrast(one: str, other: str) -> float:
    """Worked out apart from the product's own way, to check that one too."""
    shades = sorted(map(luminance, (one, other)), reverse=True)
    return (shades[0] + 0.05) / (shades[1] + 0.05)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(char * 2 for char in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


TEXT = [
    ("ink", "paper"), ("ink", "card"), ("ink", "sunk"), ("ink", "accent-soft"),
    ("muted", "paper"), ("muted", "card"), ("muted", "sunk"), ("muted", "accent-soft"),
    ("accent", "paper"), ("accent", "card"), ("accent", "accent-soft"), ("accent-ink", "accent"),
    ("good", "good-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"), ("bad", "card"),
    ("paper", "ink"), ("card", "bad"),
]  # fmt: skip


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_text_is_readable_in_both_themes(theme: int, front: str, back: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_edges_of_fields_and_switches_are_seen(theme: int) -> None:
    colours = tokens(theme)
    for ground in ("paper", "card"):
        assert contrast(colours["edge"], colours[ground]) >= 3


def test_no_colour_stands_outside_the_tokens() -> None:
    body = re.sub(r":root \{.*?\}", "", sheet(), flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl\(", body)


def test_no_size_of_text_stands_outside_the_tokens() -> None:
    sizes = re.findall(r"font-size: ([^;]+);", sheet())
    assert sizes
    assert all(size.startswith("var(--t") for size in sizes), sizes


def test_every_token_that_is_used_exists() -> None:
    used = set(re.findall(r"var\(--([\w-]+)", sheet()))
    assert used <= set(tokens(0))


@pytest.mark.parametrize(
    ("back", "word"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(minutes=8), "8 分钟前"),
        (timedelta(hours=2), "08:24"),
        (timedelta(days=1), "昨天 10:24"),
        (timedelta(days=-1), "明天 10:24"),
        (timedelta(days=18), "11 月 3 日"),
        (timedelta(days=400), "2025 年 10 月 17 日"),
    ],
)
def test_moments_are_spoken(back: timedelta, word: str) -> None:
    assert spoken(NOW - back, NOW) == word


@pytest.mark.parametrize(
    ("minutes", "word"),
    [
        (6, "还剩 6 分"),
        (180, "还剩 3 小时"),
        (5000, "还剩 3 天"),
        (-4, "已过 4 分"),
        (0, "还剩 0 分"),
    ],
)
def test_what_is_left_is_spoken(minutes: int, word: str) -> None:
    assert left(minutes) == word


def test_money_is_spoken() -> None:
    assert yuan(123450) == "¥1,234.50"
    assert yuan(None) == ""


def test_bars_begin_at_zero_and_end_at_the_whole() -> None:
    assert 'width="50.00"' in bar(23, 46)
    assert 'width="0.00"' in bar(5, 0)
    assert 'width="100.00"' in bar(9, 3)


def test_a_line_stands_on_zero_and_shares_a_scale() -> None:
    assert 'points="0.0,52.0 100.0,28.0 200.0,4.0"' in spark([0, 5, 10])
    assert 'points="0.0,52.0 200.0,28.0"' in spark([0, 5], top=10)
    assert "polyline" not in spark([])


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/tablet/", "/tablet/"),
        ("/tablet/members/abc/", "/tablet/members/"),
        ("/tablet/settings/", ""),
        ("/tablet/figures/", "/tablet/figures/"),
    ],
)
def test_the_rail_marks_where_she_is(path: str, current: str) -> None:
    marked = [item["href"] for item in rail_items(path) if item["is_current"]]
    assert marked == ([current] if current else [])


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_any_brands_colour_becomes_readable_in_both_themes(number: int) -> None:
    for theme, mine in enumerate(accent_tokens(f"#{number:06x}")):
        colours = tokens(theme) | mine
        for ground in ("paper", "card", "accent-soft"):
            assert contrast(colours["accent"], colours[ground]) >= 4.4
        assert contrast(colours["accent-ink"], colours["accent"]) >= 4.4


def test_a_colour_that_reads_well_is_kept() -> None:
    light, _ = accent_tokens("#9a3b2e")
    assert light["accent"] == "#9a3b2e"


def test_what_is_no_colour_is_refused() -> None:
    for word in ("", "red", "#12345", "#9a3b2e;}body{display:none"):
        with pytest.raises(ValueError, match="colour"):
            accent_tokens(word)


def test_the_brands_accent_is_a_sheet_of_its_own(
    client: Client, db: None, settings: Settings
) -> None:
    assert "accent.css" not in client.get("/").content.decode()
    assert client.get("/look/accent.css").status_code == 404
    settings.BRAND_ACCENT = "#0b5fff"
    assert "/look/accent.css?0b5fff" in client.get("/").content.decode()
    sheet_of_brand = client.get("/look/accent.css?0b5fff")
    assert sheet_of_brand["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme" in sheet_of_brand.content.decode()
