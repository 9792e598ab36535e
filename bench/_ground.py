"""A database of the measurement's own: an embedded PostgreSQL with fsync on.

It is dropped afterwards; with `keep_in(folder)` it stays there, and the next measurement grows only
what is still missing.
"""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config import environment
from config.embedded.postgres import start_postgres
from config.embedded.roles import grant_working_role
from config.embedded.valkey import start_valkey

_KEPT_IN: Final = "BENCH_DATA"


def keep_in(folder: Path) -> None:
    """Measurements of this process, and of those it starts, use the database in this folder."""
    os.environ[_KEPT_IN] = str(folder.resolve())


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the measurement happens."""

    owner_url: str
    app_url: str
    superuser_url: str

    def as_owner(self, statement: str) -> None:
        """Run SQL with the owner's rights: tables to compare with."""
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            owner.execute(statement)

    def as_superuser(self, statement: str) -> None:
        """Run SQL beyond row-level security and triggers: what happened is made otherwise."""
        with psycopg.connect(self.superuser_url, autocommit=True) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute(statement)


@contextmanager
def fresh_database() -> Iterator[Ground]:
    """Django leads to a migrated database, empty unless kept, and a broker in the block."""
    before = dict(connection.settings_dict)
    with _folder() as folder:
        postgres = start_postgres(folder / "postgres", lambda _: None, server_settings())
        valkey = start_valkey(folder / "valkey", lambda _: None, durable=False)
        try:
            settings.REDIS_URL = settings.CELERY_BROKER_URL = valkey.url
            current_app.conf.update(broker_url=valkey.url)
            lead_to(postgres.owner_url)
            call_command("migrate", verbosity=0, interactive=False)
            grant_working_role(postgres.owner_url, "app")
            lead_to(postgres.app_url)
            yield Ground(postgres.owner_url, postgres.app_url, postgres.superuser_url)
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(before)
            valkey.stop()
            if _KEPT_IN in os.environ:
                postgres.stop()
            else:
                postgres.remove()


@contextmanager
def _folder() -> Iterator[Path]:
    if kept := os.environ.get(_KEPT_IN):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
    else:
        with tempfile.TemporaryDirectory(prefix="house-bench-") as name:
            yield Path(name)


def server_settings() -> dict[str, str]:
    """What `docs/running.md` tells an operator to set, for the memory of this machine."""
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{megabytes // 4}MB",
        "effective_cache_size": f"{megabytes * 5 // 8}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "1GB",
        "max_wal_size": "8GB",
        "min_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
    }


def lead_to(url: str) -> None:
    """Django works at this address from now on."""
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
