"""The product as it runs in life, for measurements that break it: sandbox, door, workers, beat.

Every process is real and of this measurement alone; each can be killed and started again.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from celery import Celery, current_app
from django.conf import settings
from django.db import connection

from config.embedded.processes import die_with_parent
from config.embedded.valkey import ValkeyServer, start_valkey

CORP, TOKEN = "ww5a7d0e1c2b3f4a68", "QDG6eKbench"
AES_KEY: Final = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
AGENT, SECRET = 1000002, "main-secret-of-the-benches-000000000000000"
_START_SECONDS: Final = 90.0
_LOOK_SECONDS: Final = 0.05
# PostgreSQL ends a session's locks with its connection; the worker's children go with its group.
_WORKER: Final = (
    *("-m", "celery", "-A", "config", "worker", "--loglevel", "ERROR", "--without-gossip"),
    "--without-mingle",
)
# As the demo has them: a welcome waits for none but other welcomes.
_USUAL: Final = ("-Q", "urgent,default,bulk", "--concurrency", "2")
_WELCOMES: Final = ("-Q", "welcome", "--concurrency", "1")


@dataclass
class Machine:
    """One program: how it is started, and its present process."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path = field(repr=False)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin it in a group of its own, ending with this process."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def kill(self) -> None:
        """kill -9 of the program and of everything that it forked."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class System:
    """A running product. `control` and `look` ask the sandbox; the rest breaks things."""

    def __init__(self, folder: Path, environment: Mapping[str, str], valkey: ValkeyServer) -> None:
        self._folder, self._valkey = folder, valkey
        self._environment = {**os.environ, **environment, "REDIS_URL": valkey.url,
                             "CELERY_BROKER_URL": valkey.url}  # fmt: skip
        self._sandbox_port, self._door_port = _free_port(), _free_port()
        self.sandbox_url = f"http://127.0.0.1:{self._sandbox_port}"
        self.callback_url = f"http://127.0.0.1:{self._door_port}/wecom/callback/"
        self.machines: dict[str, Machine] = {}
        self._http = httpx.Client(
            base_url=f"{self.sandbox_url}/sandbox/control/api/", timeout=120, trust_env=False
        )

    def start_sandbox(self) -> None:
        """The fake WeCom, empty."""
        self._begin("sandbox", "-m", "wecom.sandbox", "--port", str(self._sandbox_port), "--db",
                    str(self._folder / "sandbox.sqlite3"))  # fmt: skip
        wait_until(lambda: _is_listening(self._sandbox_port), "the sandbox")

    def start_product(self, workers: int = 2) -> None:
        """Door, workers and beat; the sandbox stands already."""
        self._begin("door", "-m", "uvicorn", "bench._served_door:application", "--port",
                    str(self._door_port), "--log-level", "error", "--no-access-log")  # fmt: skip
        for number in range(workers):
            self._begin(f"worker-{number}", *_WORKER, *_USUAL, "-n", f"bench{number}@%h")
        self._begin("welcomes", *_WORKER, *_WELCOMES, "-n", "welcomes@%h")
        self._begin("beat", "-m", "celery", "-A", "config", "beat", "--loglevel", "ERROR",
                    "--pidfile", "", "--schedule", str(self._folder / "beat"))  # fmt: skip
        wait_until(lambda: _is_listening(self._door_port), "the door")
        wait_until(lambda: _answering() == workers + 1, "the workers")

    def control(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Change the sandbox's world; a refusal is an error."""
        answer = self._http.post(path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def look(self, path: str, /, **query: Any) -> dict[str, Any]:
        """Read the sandbox's truth."""
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def kill_worker(self, number: int) -> None:
        """kill -9, children included, and another one in its place."""
        machine = self.machines[f"worker-{number}"]
        machine.kill()
        machine.start()

    def lose_memory(self) -> None:
        """Valkey dies and comes back knowing nothing: no queue, no token, no lock."""
        os.kill(self._valkey.pid, signal.SIGKILL)
        self._valkey.process.wait()
        port = self._valkey.port
        self._valkey.stop()
        self._valkey = start_valkey(self._folder / "valkey", _quiet, durable=False, port=port)

    def stop(self) -> None:
        """End everything, at once."""
        self._http.close()
        for machine in self.machines.values():
            machine.kill()
        self._valkey.stop()

    def _begin(self, name: str, *words: str) -> None:
        log = self._folder / f"{name}.log"
        self.machines[name] = Machine(name, [sys.executable, *words], self._environment, log)
        self.machines[name].start()


@contextmanager
def running_system(environment: Mapping[str, str], *, workers: int = 2) -> Iterator[System]:
    """A product with an empty, seeded-by-nobody sandbox; this process speaks to both meanwhile.

    `environment` names the database and the settings module; see `product_environment`.
    """
    with tempfile.TemporaryDirectory(prefix="bench-system-") as name:
        folder = Path(name)
        valkey = start_valkey(folder / "valkey", _quiet, durable=False)
        system = System(folder, environment, valkey)
        before = {key: getattr(settings, key) for key in _LED}
        try:
            _lead_here(system, valkey.url)
            system.start_sandbox()
            # What the workers need to speak to the sandbox is known only now.
            system._environment["WECOM_API_BASE_URL"] = settings.WECOM_API_BASE_URL
            system.start_product(workers)
            yield system
        finally:
            system.stop()
            for key, value in before.items():
                setattr(settings, key, value)
            current_app.conf.update(broker_url=settings.CELERY_BROKER_URL)


_LED: Final = (
    *("REDIS_URL", "CELERY_BROKER_URL", "WECOM_API_BASE_URL", "WECOM_CORP_ID", "WECOM_APPS"),
)


def _lead_here(system: System, redis_url: str) -> None:
    """This process speaks to the same servers as the workers."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_url
    current_app.conf.update(broker_url=redis_url)
    settings.WECOM_API_BASE_URL = f"{system.sandbox_url}/sandbox/cgi-bin/"
    settings.WECOM_CORP_ID = CORP
    settings.WECOM_APPS = {
        "main": {
            "agent_id": AGENT,
            "secret": SECRET,
            "callback_token": TOKEN,
            "callback_aes_key": AES_KEY,
        }
    }


def product_environment() -> dict[str, str]:
    """What every process is told: the database that Django is led to here, and the corp."""
    found = connection.settings_dict
    address = f"{found['HOST']}:{found['PORT']}/{found['NAME']}"
    return {
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "DEBUG": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": settings.FIELD_KEYS,
        "BLIND_INDEX_KEY": settings.BLIND_INDEX_KEY,
        "DATABASE_URL": f"postgresql://{found['USER']}:{found['PASSWORD']}@{address}",
        "DATABASE_ROLE": "",
        "WECOM_CORP_ID": CORP,
        "WECOM_AGENT_ID": str(AGENT),
        "WECOM_AGENT_SECRET": SECRET,
        "WECOM_CALLBACK_TOKEN": TOKEN,
        "WECOM_CALLBACK_AES_KEY": AES_KEY,
        "WECOM_APPS": "",
        "QUIET_HOURS": "",
        "LOG_LEVEL": "CRITICAL",
    }


def corp_of(system: System, members: list[str]) -> dict[str, Any]:
    """What the sandbox is seeded with: one application, one shop, these guides."""
    return {
        "corp_id": CORP,
        "open_platform_bound": True,
        "apps": [
            {
                "name": "导购",
                "agent_id": AGENT,
                "secret": SECRET,
                "callback_url": system.callback_url,
                "callback_token": TOKEN,
                "callback_aes_key": AES_KEY,
            }
        ],
        "departments": [{"id": 1, "name": "总部"}],
        "members": [{"userid": one, "name": one, "department": [1]} for one in members],
    }


def wait_until(condition: Callable[[], bool], what: str, seconds: float = _START_SECONDS) -> None:
    """Look until it is so; RuntimeError with the name of what never came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(_LOOK_SECONDS)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answering() -> int:
    """How many workers answer. Asked by an application of its own: the one of this process may
    hold connections to a broker of before.
    """
    asker = Celery("asker", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    asker.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    return len(asker.control.ping(timeout=1) or ())


def _is_listening(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def _quiet(_: str) -> None:
    """A measurement wants no report of a server's start."""
