"""Typed readers of the environment. They raise on nonsense instead of guessing."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """A setting as text; a missing one without default raises ImproperlyConfigured."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"set {name}")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """1/0, true/false, yes/no, on/off."""
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is a yes or a no, not {value!r}")


def number(name: str, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is a whole number, not {value!r}") from error


def seconds(name: str, default: float) -> float:
    """A length of time, fractions too."""
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        found = float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is a number of seconds, not {value!r}") from error
    if not 0 <= found < float("inf"):
        raise ImproperlyConfigured(f"{name} is not below nothing, nor endless")
    return found


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def named(name: str) -> dict[str, str]:
    """Pairs as `key:words,key:words`, in their order."""
    pairs = [word.partition(":") for word in words(name)]
    if not all(key.strip() and said.strip() for key, _, said in pairs):
        raise ImproperlyConfigured(f"{name} is key:words,key:words")
    return {key.strip(): said.strip() for key, _, said in pairs}


def document(name: str) -> Any:
    """A JSON document; empty means an empty object."""
    value = os.environ.get(name, "") or "{}"
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ImproperlyConfigured(f"{name} is not JSON: {error}") from error


def figures(name: str) -> dict[str, dict[str, int | float]]:
    """A JSON object of objects of numbers, none below zero: limits by name."""
    found = document(name)
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ImproperlyConfigured(f"{name} is an object of objects")
    for key, row in found.items():
        for word, value in row.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ImproperlyConfigured(f"{name}: {key}.{word} is a number from 0 on")
    return found


def database(url: str, *, role: str, pool: bool) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?option=value`.

    A host that begins with `/` (percent-encoded) is a socket folder. With `role`, every connection
    works as that role.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL begins with postgresql://")
    pairs = [pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair]
    options: dict[str, Any] = {name: unquote(value) for name, value in pairs}
    host = options.pop("host", "") or unquote(parts.hostname or "")
    if role:
        # Said while connecting: Django's `assume_role` speaks on a second pooled connection.
        options["options"] = f"-c role={role}"
    if pool:
        options["pool"] = {
            "min_size": 1,
            "max_size": number("DATABASE_POOL_SIZE", 10),
            "timeout": 10,
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": pool,
        "OPTIONS": options,
    }
