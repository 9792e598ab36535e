"""Thousands are set apart, as on every receipt; Django's own formats set nothing apart."""

from __future__ import annotations

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
