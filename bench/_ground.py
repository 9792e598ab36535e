"""A database of the measurement's own: an embedded PostgreSQL with fsync on, then dropped."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config import environment
from config.embedded.postgres import start_postgres
from config.embedded.roles import grant_working_role
from config.embedded.valkey import start_valkey


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the measurement happens."""

    owner_url: str

    def as_owner(self, statement: str) -> None:
        """Run SQL with the owner's rights: tables to compare with."""
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            owner.execute(statement)


@contextmanager
def fresh_database() -> Iterator[Ground]:
    """Django leads to an empty, migrated database and a broker while the block lasts."""
    before = dict(connection.settings_dict)
    with tempfile.TemporaryDirectory(prefix="house-bench-") as folder:
        postgres = start_postgres(Path(folder) / "postgres", lambda _: None)
        valkey = start_valkey(Path(folder) / "valkey", lambda _: None, durable=False)
        try:
            settings.REDIS_URL = settings.CELERY_BROKER_URL = valkey.url
            current_app.conf.update(broker_url=valkey.url)
            _lead_to(postgres.owner_url)
            call_command("migrate", verbosity=0, interactive=False)
            grant_working_role(postgres.owner_url, "app")
            _lead_to(postgres.app_url)
            yield Ground(postgres.owner_url)
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(before)
            valkey.stop()
            postgres.stop()


def _lead_to(url: str) -> None:
    connection.close()
    connection.settings_dict.update(environment.database(url, role="", pool=False))


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def median(values: list[float]) -> float:
    return statistics.median(values)


def peak_megabytes() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
