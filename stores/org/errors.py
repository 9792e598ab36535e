"""What can go wrong here, in words for the person who did it."""

from __future__ import annotations


class UnfairPin(ValueError):
    """这个 PIN 不能用，请换一个。"""
