"""Codes of tracked links: random, long enough that nobody guesses one."""

from __future__ import annotations

import secrets


def new_code() -> str:
    """72 random bits in 12 characters."""
    return secrets.token_urlsafe(9)
