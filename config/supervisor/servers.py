"""The database and the broker of a demo: embedded ones, or those that the environment names."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from config.embedded.postgres import EXTENSIONS, PostgresServer, start_postgres
from config.embedded.processes import EmbeddedServerError, Say
from config.embedded.roles import prepare_working_role
from config.embedded.valkey import ValkeyServer, start_valkey

_OLDEST_POSTGRES = 150000


@dataclass
class Servers:
    """Addresses of the servers in use, and the processes of those that are ours."""

    folder: Path
    database_url: str = ""
    owner_url: str = ""
    # Acted as after logging in; empty when the login itself is the working role, or nothing
    # better is permitted.
    role: str = ""
    # Who gets the rights to rows after a migration; empty when that is nobody but the owner.
    grantee: str = ""
    redis_url: str = ""
    postgres: PostgresServer | None = field(default=None, repr=False)
    valkey: ValkeyServer | None = field(default=None, repr=False)

    def open_database(self, environment: Mapping[str, str], say: Say) -> None:
        """Use the database that the environment names, else start our own."""
        given = environment.get("DATABASE_URL")
        if given:
            self.database_url = given
            self.owner_url = environment.get("DATABASE_OWNER_URL") or given
            _look_at_database(self.owner_url)
            self._choose_role(environment.get("DATABASE_ROLE", ""), say)
            return
        self.postgres = start_postgres(self.folder / "postgres", say)
        self.database_url, self.owner_url = self.postgres.app_url, self.postgres.owner_url
        self.grantee = "app"

    def _choose_role(self, asked: str, say: Say) -> None:
        own_login = urlsplit(self.database_url).username != urlsplit(self.owner_url).username
        self.role = asked or ("" if own_login else prepare_working_role(self.owner_url, say))
        self.grantee = self.role or (
            urlsplit(self.database_url).username or "" if own_login else ""
        )

    def open_broker(self, environment: Mapping[str, str], say: Say) -> None:
        """Use the broker that the environment names, else start our own."""
        given = environment.get("REDIS_URL")
        if given:
            try:
                redis.Redis.from_url(given, socket_timeout=5).ping()
            except redis.RedisError as error:
                raise EmbeddedServerError(f"连不上 REDIS_URL / cannot reach it: {error}") from error
            self.redis_url = given
            return
        self.valkey = start_valkey(self.folder / "valkey", say)
        self.redis_url = self.valkey.url

    def environment(self) -> dict[str, str]:
        """What the product's settings are told about these servers."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "DATABASE_ROLE": self.role,
            "REDIS_URL": self.redis_url,
        }

    def database_key(self) -> str:
        """Name this very database: notes about its contents are true of no other."""
        with psycopg.connect(self.owner_url) as owner:
            row = owner.execute(
                "SELECT system_identifier, oid FROM pg_control_system(), pg_database "
                "WHERE datname = current_database()"
            ).fetchone()
        return " ".join(map(str, row or ()))

    def is_empty(self) -> bool:
        """Tell whether the database holds no table yet."""
        with psycopg.connect(self.owner_url) as owner:
            found = owner.execute(
                "SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') "
                "AND relnamespace = 'public'::regnamespace LIMIT 1"
            ).fetchone()
        return found is None

    def processes(self) -> list[subprocess.Popen[bytes]]:
        """The running processes that are ours."""
        return [server.process for server in (self.postgres, self.valkey) if server is not None]

    def fallen(self) -> list[tuple[str, int]]:
        """Name those of our servers that ended by themselves, with their exit status."""
        named = (("PostgreSQL", self.postgres), ("Valkey", self.valkey))
        looked = [(name, server.process.poll()) for name, server in named if server is not None]
        return [(name, status) for name, status in looked if status is not None]

    def restart(self, name: str, say: Say) -> None:
        """Start a fallen server again, on the port that everybody knows."""
        if name == "PostgreSQL" and self.postgres is not None:
            self.postgres.stop()
            self.postgres = start_postgres(self.postgres.folder, say, port=self.postgres.port)
        elif name == "Valkey" and self.valkey is not None:
            self.valkey.stop()
            self.valkey = start_valkey(self.valkey.folder, say, port=self.valkey.port)

    def stop(self) -> None:
        """End those that are ours, the broker first. A second call does nothing."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()
        self.valkey = self.postgres = None


def _look_at_database(url: str) -> None:
    """Refuse a database that cannot be reached, is too old or lacks an extension, before anything
    is begun.
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version
            if version < _OLDEST_POSTGRES:
                raise EmbeddedServerError(
                    f"PostgreSQL {version // 10000} 太旧，需要 15 或更新 / 15 or newer is needed"
                )
            for extension in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    except psycopg.errors.Error as error:
        raise EmbeddedServerError(f"用不了 DATABASE_URL / cannot use it: {error}") from error
