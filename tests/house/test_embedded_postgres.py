"""The embedded PostgreSQL as a process: begun, killed, found again. Every test uses folders of
its own.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded.cluster import place_cluster
from config.embedded.postgres import PostgresServer, remove_postgres, start_postgres
from config.embedded.processes import FolderInUseError, find_processes
from tests.processes import is_running, wait_for

FAST = {"fsync": "off"}
ROOT = Path(__file__).resolve().parents[2]


def quiet(_: str) -> None:
    """These tests look at what the servers do, not at what is said."""


@pytest.fixture
def folder() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp())
    yield top / "postgres"
    remove_postgres(top / "postgres", quiet)
    shutil.rmtree(top)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    top = Path(tempfile.mkdtemp())
    running = start_postgres(top / "postgres", quiet, FAST)
    yield running
    running.remove()
    shutil.rmtree(top)


def starter(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """A process of its own that starts the server and then waits to be killed."""
    code = (
        "import sys; from pathlib import Path\n"
        "from config.embedded.postgres import start_postgres\n"
        f"server = start_postgres(Path({str(folder)!r}), lambda word: None, {FAST!r})\n"
        "print(server.pid, flush=True); sys.stdin.read()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def started_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_working_roles_are_bound_by_row_level_security(server: PostgresServer) -> None:
    with psycopg.connect(server.superuser_url) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles "
            "WHERE rolname IN ('owner', 'app') ORDER BY rolname"
        ).fetchall()
    assert rows == [("app", False, False, False), ("owner", False, False, False)]


def test_owner_makes_tables_and_app_may_not(server: PostgresServer) -> None:
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE made_by_owner (id int)")
    with (
        psycopg.connect(server.app_url) as app,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        app.execute("CREATE TABLE made_by_app (id int)")


def test_chinese_has_trigrams_and_periods_exclude_each_other(
    server: PostgresServer,
) -> None:
    with psycopg.connect(server.app_url) as app:
        trigrams = app.execute("SELECT cardinality(show_trgm('门店几点关门'))").fetchone()
        extensions = app.execute(
            "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'"
        ).fetchone()
    assert trigrams is not None
    assert trigrams[0] > 4
    assert extensions == (1,)


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://app:guess@127.0.0.1:{server.port}/brand")


def test_settings_reach_the_server(server: PostgresServer) -> None:
    with psycopg.connect(server.app_url) as app:
        assert app.execute("SHOW fsync").fetchone() == ("off",)


def test_passwords_are_for_the_starting_user_alone(server: PostgresServer) -> None:
    assert (server.folder / "logins.json").stat().st_mode & 0o777 == 0o600


def test_a_second_start_finds_its_data_at_the_same_address(folder: Path) -> None:
    first = start_postgres(folder, quiet, FAST)
    with psycopg.connect(first.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE kept (id int)")
    first.stop()
    first.stop()
    second = start_postgres(folder, quiet, FAST)
    try:
        assert second.app_url == first.app_url
        with psycopg.connect(second.owner_url) as owner:
            assert owner.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)
    finally:
        second.stop()


def test_a_folder_in_use_is_refused_with_the_holder(server: PostgresServer) -> None:
    with pytest.raises(FolderInUseError, match=str(os.getpid())):
        start_postgres(server.folder, quiet, FAST)
    with psycopg.connect(server.app_url) as app:
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_the_server_dies_with_its_starter(folder: Path) -> None:
    with starter(folder) as process:
        pid = started_pid(process)
        process.kill()
    wait_for(lambda: not is_running(pid), "the end of the server")
    start_postgres(folder, quiet, FAST).stop()


def test_an_orphan_is_stopped_and_its_work_kept(folder: Path) -> None:
    first = start_postgres(folder, quiet, FAST)
    first.stop()
    cluster = place_cluster(folder, quiet)
    # As a start-up helper would leave it: nobody's child, nobody's death reaches it.
    orphan = subprocess.Popen(
        [
            str(cluster.programs / "postgres"),
            "-D",
            str(cluster.data),
            "-c",
            f"port={first.port}",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
        ],
        cwd="/",
        user=cluster.user,
        group=cluster.group,
        extra_groups=None if cluster.user is None else [],
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: can_connect(first.owner_url), "the orphan")
    with psycopg.connect(first.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE kept (id int)")
    said: list[str] = []
    second = start_postgres(folder, said.append, FAST)
    try:
        assert orphan.wait() == 0
        assert str(orphan.pid) in said[0]
        assert find_processes(cluster.data, "postgres")[0] == second.pid
        with psycopg.connect(second.owner_url) as owner:
            assert owner.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)
    finally:
        second.stop()


def can_connect(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_process_that_got_the_old_number_does_not_stop_a_start(folder: Path) -> None:
    start_postgres(folder, quiet, FAST).stop()
    cluster = place_cluster(folder, quiet)
    with subprocess.Popen(
        ["sleep", "60"], cwd="/", user=cluster.user, group=cluster.group
    ) as stranger:
        pid_file = cluster.data / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{cluster.data}\n1\n5432\n\n127.0.0.1\n")
        if cluster.user is not None and cluster.group is not None:
            os.chown(pid_file, cluster.user, cluster.group)
        try:
            start_postgres(folder, quiet, FAST).stop()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    first = start_postgres(folder, quiet)
    with psycopg.connect(first.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    first.stop()
    second = start_postgres(folder, quiet)
    try:
        with psycopg.connect(second.owner_url) as owner:
            assert owner.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    finally:
        second.stop()


def test_a_first_start_killed_midway_is_begun_anew(folder: Path) -> None:
    with starter(folder) as process:
        wait_for((folder / "logins.json").exists, "the beginning of the initialisation")
        data = place_cluster(folder, quiet).data
        wait_for(lambda: any(data.parent.glob("cluster.new-*/PG_VERSION")), "half a cluster")
        process.kill()
    assert not data.exists()
    server = start_postgres(folder, quiet, FAST)
    try:
        assert can_connect(server.app_url)
        assert not any(data.parent.glob("cluster.new-*"))
    finally:
        server.stop()


def test_a_long_path_and_a_missing_locale_do_no_harm(folder: Path) -> None:
    long = folder / ("很长的文件夹" * 12) / "x"
    with starter(long, LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8", PGPORT="1") as process:
        assert started_pid(process) > 0
        process.kill()
    wait_for(
        lambda: not find_processes(place_cluster(long, quiet).data, "postgres"),
        "the end of the server",
    )
    remove_postgres(long, quiet)
