"""The servers that tests run against: embedded ones, or those that the environment names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.embedded.cluster import wheel_programs
from config.embedded.postgres import start_postgres
from config.embedded.valkey import start_valkey
from tests import schema

# Speed over durability: these clusters live as long as one run.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_ROLE = "brand_app"


@dataclass(frozen=True)
class TestServers:
    """Addresses, and the role that works in the database: by login, or assumed."""

    __test__ = False

    owner_url: str
    app_url: str
    assume_role: str
    redis_url: str
    grant: Callable[[], None]
    # Calls what migrates an empty database, or reads back what that came to before.
    fill: Callable[[Callable[[], object]], object]

    def environment(self) -> dict[str, str]:
        """What another process of ours needs to work on the same servers, and to keep quiet."""
        return {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": self.app_url,
            "DATABASE_ROLE": self.assume_role,
            "REDIS_URL": self.redis_url,
            "LOG_LEVEL": "CRITICAL",
        }


@contextmanager
def start_servers(folder: Path) -> Iterator[TestServers]:
    """Start what the environment does not name; everything started here ends here."""
    stops: list[Callable[[], None]] = []
    try:
        redis_url = os.environ.get("REDIS_URL", "")
        if not redis_url:
            valkey = start_valkey(folder / "valkey", _quiet, durable=False)
            stops.append(valkey.stop)
            redis_url = valkey.url
        outside = os.environ.get("DATABASE_URL", "")
        if outside:
            owner_url = _fresh_database(outside)
            yield TestServers(
                owner_url,
                owner_url,
                _ROLE,
                redis_url,
                lambda: _grant(owner_url, _ROLE),
                lambda migrate: migrate(),
            )
        else:
            postgres = start_postgres(folder / "postgres", _quiet, settings=_FAST)
            stops.append(postgres.remove)
            yield TestServers(
                postgres.owner_url,
                postgres.app_url,
                "",
                redis_url,
                lambda: _grant(postgres.owner_url, "app"),
                lambda migrate: schema.fill(postgres.superuser_url, wheel_programs(), migrate),
            )
    finally:
        for stop in stops:
            stop()


def _quiet(_: str) -> None:
    """The embedded servers report to people; a test run wants no report."""


def _fresh_database(url: str) -> str:
    """An empty database `test_house` beside the one named; the working role exists."""
    parts = urlsplit(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS test_house WITH (FORCE)")
        connection.execute("CREATE DATABASE test_house")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(_ROLE)))
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(_ROLE)))
    return urlunsplit(parts._replace(path="/test_house"))


def _grant(url: str, role: str) -> None:
    """What the working role may do; TRUNCATE too, with which the test runner empties tables."""
    name = sql.Identifier(role)
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        connection.execute(
            sql.SQL(
                "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
                " ON ALL TABLES IN SCHEMA public TO {}"
            ).format(name)
        )
        connection.execute(
            # Months that the house makes for itself later are emptied with the rest.
            sql.SQL(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT TRUNCATE ON TABLES TO {}"
            ).format(name)
        )
        connection.execute(
            sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name)
        )
