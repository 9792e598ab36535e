"""A PostgreSQL of our own under one folder: started, an orphan of it stopped, and its two roles
made.

``owner`` owns the database and migrates it, ``app`` works in it; neither is a superuser, since a
superuser never meets row-level security. Connections go over loopback only, with passwords that
stand in the folder.
"""

import json
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded.cluster import (
    Cluster,
    clear_leftovers,
    initialise,
    place_cluster,
    remove_cluster,
)
from config.embedded.processes import (
    EmbeddedServerError,
    FolderLock,
    Say,
    choose_port,
    find_processes,
    last_lines,
    stop_process,
    write_private,
)

DATABASE = "brand"
EXTENSIONS = ("pg_trgm", "btree_gist")

_ROLES = ("owner", "app")
_PORT_ATTEMPTS = 5
_FIRST_WORD_AFTER_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.03
# Fast shutdown, then the one that leaves recovery to the next start, then the kernel.
_STOP_SIGNALS = [(signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)]
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # No socket file: a long path or a stale lock of one cannot stop a start.
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server with the addresses of its three logins."""

    owner_url: str
    app_url: str
    superuser_url: str
    pid: int
    port: int
    folder: Path
    process: subprocess.Popen[bytes] = field(repr=False)
    _lock: FolderLock = field(repr=False)

    def stop(self) -> None:
        """End the server in order and give the folder back; a second call does nothing."""
        if self.process.poll() is None:
            stop_process(self.pid, _STOP_SIGNALS)
            self.process.wait()
        self._lock.release()

    def remove(self) -> None:
        """Stop the server and delete its data, wherever it stands; for folders that were
        temporary.
        """
        self.stop()
        remove_cluster(self.folder)


def start_postgres(
    folder: Path,
    say: Say,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
) -> PostgresServer:
    """Start the server of this folder, making its cluster first if there is none, and wait until
    it answers.

    An orphan that a killed start left is stopped first. With ``port`` given nothing else will do;
    otherwise the port of the last start is taken when it is free. ``settings`` are server
    settings (tests pass ``fsync=off``). The server ends with the thread that called this. Refuses
    a folder that another process holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder)
    lock.acquire()
    try:
        wanted = {**_SETTINGS, **(settings or {})}
        cluster = place_cluster(folder, say)
        passwords = _prepare(folder, cluster, say, sync=wanted.get("fsync") != "off")
        process, used_port = _launch(folder, cluster, passwords["postgres"], wanted, say, port)
        urls = {
            role: f"postgresql://{role}:{passwords[role]}@127.0.0.1:{used_port}"
            for role in passwords
        }
        _make_roles(urls["postgres"], passwords)
    except BaseException:
        lock.release()
        raise
    return PostgresServer(
        owner_url=f"{urls['owner']}/{DATABASE}",
        app_url=f"{urls['app']}/{DATABASE}",
        superuser_url=f"{urls['postgres']}/{DATABASE}",
        pid=process.pid,
        port=used_port,
        folder=folder,
        process=process,
        _lock=lock,
    )


def remove_postgres(folder: Path, say: Say) -> None:
    """Stop whatever serves this folder's cluster and delete the cluster, wherever it stands."""
    if not folder.exists():
        return
    lock = FolderLock(folder)
    lock.acquire()
    try:
        _stop_orphans(place_cluster(folder, say), say)
        remove_cluster(folder)
    finally:
        lock.release()


def _prepare(folder: Path, cluster: Cluster, say: Say, *, sync: bool) -> dict[str, str]:
    """Bring folder and cluster into the state from which a server can start; give the passwords
    of its logins.
    """
    _stop_orphans(cluster, say)
    clear_leftovers(cluster)
    logins = folder / "logins.json"
    if cluster.is_initialised() and logins.exists():
        passwords: dict[str, str] = json.loads(logins.read_text(encoding="utf-8"))
        # Its owner is gone, as was just seen, but its number may be some other process's by now.
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        return passwords
    if cluster.is_initialised():
        raise EmbeddedServerError(
            f"{logins} 丢失，数据库无法登录；可用 manage.py demo --reset 重建 / "
            "the passwords are lost; --reset starts anew"
        )
    say("初始化 PostgreSQL / initialising")
    passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", *_ROLES)}
    write_private(logins, json.dumps(passwords))
    initialise(cluster, passwords["postgres"], sync=sync, log=folder / "postgres.log")
    return passwords


def _stop_orphans(cluster: Cluster, say: Say) -> None:
    """End every server process that stands in the cluster; under the folder's lock it has no
    living parent of ours.
    """
    for pid in find_processes(cluster.data, "postgres"):
        say(f"停止上次遗留的 PostgreSQL（进程 {pid}）/ stopping an orphan")
        if not stop_process(pid, _STOP_SIGNALS):
            raise EmbeddedServerError(f"进程 {pid} 停不下来 / process {pid} does not stop")


def _launch(
    folder: Path,
    cluster: Cluster,
    password: str,
    settings: Mapping[str, str],
    say: Say,
    port: int | None,
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server process on a port and wait until it answers; another start may snatch a
    free port meanwhile.
    """
    log, remembered = folder / "postgres.log", folder / "port"
    last_port = int(remembered.read_text()) if remembered.exists() else None
    for _ in range(_PORT_ATTEMPTS):
        chosen = port or choose_port(last_port)
        command = ["postgres", "-D", str(cluster.data), "-c", f"port={chosen}"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log_begins = log.stat().st_size if log.exists() else 0
        process = cluster.spawn(command, log, signal.SIGINT)
        try:
            ready = _wait_until_ready(
                process, f"postgresql://postgres:{password}@127.0.0.1:{chosen}", say
            )
        except BaseException:
            stop_process(process.pid, _STOP_SIGNALS)
            process.wait()
            raise
        if ready:
            write_private(remembered, str(chosen))
            return process, chosen
        last_port = None
        with log.open("rb") as lines:
            lines.seek(log_begins)
            if b"could not bind" not in lines.read() or port is not None:
                break
    raise EmbeddedServerError(f"PostgreSQL 没有启动 / did not start\n{last_lines(log)}")


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, say: Say) -> bool:
    """Wait as long as the server lives: recovery after a crash takes what it takes, with a word
    now and then.
    """
    started = time.monotonic()
    next_word = _FIRST_WORD_AFTER_SECONDS
    while process.poll() is None:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=5, sslmode="disable").close()
        except psycopg.OperationalError:
            waited = time.monotonic() - started
            if waited >= next_word:
                say(f"PostgreSQL 正在恢复数据，已等 {waited:.0f} 秒 / recovering")
                next_word *= 2
            time.sleep(_LOOK_EVERY_SECONDS)
        else:
            # Somebody else's server on this port would have refused the password.
            return True
    return False


def _make_roles(url: str, passwords: Mapping[str, str]) -> None:
    """Make roles, extensions and database where they are missing; a start killed in between is
    completed by the next.
    """
    with psycopg.connect(f"{url}/postgres", autocommit=True) as superuser:
        for role in _ROLES:
            if (
                superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                is None
            ):
                superuser.execute(
                    sql.SQL(
                        "CREATE ROLE {} LOGIN PASSWORD {} NOSUPERUSER NOCREATEDB "
                        "NOCREATEROLE NOBYPASSRLS"
                    ).format(sql.Identifier(role), sql.Literal(passwords[role]))
                )
        if (
            superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            is None
        ):
            # Into the template, so that a test's own database has them too.
            with psycopg.connect(f"{url}/template1", autocommit=True) as template:
                for extension in EXTENSIONS:
                    template.execute(
                        sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(
                            sql.Identifier(extension)
                        )
                    )
            superuser.execute(
                sql.SQL("CREATE DATABASE {} OWNER owner TEMPLATE template1").format(
                    sql.Identifier(DATABASE)
                )
            )
        database = sql.Identifier(DATABASE)
        superuser.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        superuser.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO app").format(database)
        )
