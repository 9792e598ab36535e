"""How a brand's one colour becomes the tokens of both themes, readable wherever it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable

Colour = tuple[float, float, float]

# The grounds of look.css on which the accent stands, lightest and darkest of each theme.
_LIGHT_GROUNDS = ("#fbf9f6", "#ffffff")
_DARK_GROUNDS = ("#161412", "#1f1c19")
_READABLE = 4.5
_STEPS = 50


def accent_tokens(accent: str) -> tuple[dict[str, str], dict[str, str]]:
    """The accent's tokens for light and dark. ValueError on anything but `#rrggbb`.

    The brand's colour is kept where it reads well and moved towards black or white, no further
    than needed, where it does not.
    """
    colour = _read(accent)
    light = _readable(colour, (0, 0, 0), _LIGHT_GROUNDS, soften=0.08)
    dark = _readable(colour, (1, 1, 1), _DARK_GROUNDS, soften=0.16)
    return (
        _tokens(light, _read(_LIGHT_GROUNDS[1]), soften=0.08, line=0.45),
        _tokens(dark, _read(_DARK_GROUNDS[1]), soften=0.16, line=0.4),
    )


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of WCAG 2.2, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _tokens(accent: Colour, ground: Colour, *, soften: float, line: float) -> dict[str, str]:
    inks = ((1.0, 1.0, 1.0), _mix(accent, (0, 0, 0), 0.85))
    ink = max(inks, key=lambda candidate: contrast(candidate, accent))
    return {
        "accent": _write(accent),
        "accent-ink": _write(ink),
        "accent-soft": _write(_mix(ground, accent, soften)),
        "accent-line": _write(_mix(ground, accent, line)),
    }


def _readable(colour: Colour, towards: Colour, grounds: Iterable[str], *, soften: float) -> Colour:
    """The nearest shade that reads on every ground, and on the ground softly tinted with it."""
    bases = [_read(ground) for ground in grounds]
    for step in range(_STEPS + 1):
        shade = _mix(colour, towards, step / _STEPS)
        stands_on = [*bases, *(_mix(base, shade, soften) for base in bases)]
        if all(contrast(shade, ground) >= _READABLE for ground in stands_on):
            return shade
    return towards


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _read(text: str) -> Colour:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError(f"{text!r} is not a colour like #9a3b2e")
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _write(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)
