"""Opens the demo step by step. Every step may be repeated: a first start that was killed is
simply gone on with.

The notes about finished steps only save time; they are believed of the same database and the same
files alone.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from config.embedded.processes import (
    EmbeddedServerError,
    choose_port,
    die_with_parent,
    last_lines,
    open_log,
)
from config.embedded.roles import grant_working_role
from config.supervisor.children import Child, Program, end_remembered
from config.supervisor.environment import PROJECT, kept_secrets, write_env_file
from config.supervisor.notes import Notes, digest
from config.supervisor.ports import choose_web_port, is_listening
from config.supervisor.progress import Progress
from config.supervisor.servers import Servers
from config.supervisor.watch import Watch

STEPS = 8
# The first start leaves the worker a pile of calls to the sandbox before it is heard of.
_START_SECONDS = 300.0
_CONCURRENCY = 3
# A welcome waits for none but other welcomes.
_WELCOMERS = 1


class Opening:
    """One start of the demo in one folder, from nothing running to everything open."""

    def __init__(self, folder: Path, progress: Progress, asked_port: str | None) -> None:
        self.folder = folder
        self.progress = progress
        self.servers = Servers(folder)
        self.watch = Watch(self.servers, progress, folder)
        self.environment: dict[str, str] = {}
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._notes = Notes(folder / "notes.json")
        end_remembered(folder / "children.json", progress.say)
        self._port = choose_web_port(asked_port, progress.say)

    def open(self) -> None:
        """Do all steps; when this returns the demo is open and its file says where."""
        step = self.progress.step
        with step("数据库 / PostgreSQL"):
            self.servers.open_database(os.environ, self.progress.say)
            self._refuse_foreign_data()
        with step("消息队列 / Valkey"):
            self.servers.open_broker(os.environ, self.progress.say)
        self.environment = self._make_environment()
        with step("数据表 / migrate"):
            self._migrate()
        with step("静态文件 / static files"):
            self._collect_static()
        with step("演示品牌 / demo brand"):
            self._load_brand()
        with step("企业微信模拟器、短信 / WeCom sandbox, SMS"):
            self._begin_sandbox()
        with step("模拟器里的人和群 / sandbox world"):
            self._run_part("world")
        with step("网站、任务、定时 / web, worker, beat"):
            self._begin_product()
        pairs = {**self.environment, "DEMO_PID": str(os.getpid())}
        write_env_file(self.folder / "demo.env", pairs, "The running demo; written at each start.")

    def _refuse_foreign_data(self) -> None:
        """Load the demo brand into our own or an empty database only, never beside a shop's."""
        self._database = self.servers.database_key()
        known = self._notes.read("database") == self._database
        if self.servers.postgres is None and not known and not self.servers.is_empty():
            raise EmbeddedServerError(
                "DATABASE_URL 里已有别的数据，demo 只用空数据库 / "
                "not empty, the demo wants a database of its own"
            )
        self._notes.write("database", self._database)

    def _make_environment(self) -> dict[str, str]:
        """Everything the product's settings read."""
        web = f"http://127.0.0.1:{self._port}"
        sandbox = f"http://127.0.0.1:{self._inner_port('sandbox')}"
        sms = f"http://127.0.0.1:{self._inner_port('sms')}"
        return {
            **kept_secrets(self.folder),
            **self.servers.environment(),
            "DEMO": "1",
            "BASE_URL": web,
            "PUBLIC_URL": web,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SANDBOX_URL": sandbox,
            "SMS_URL": sms,
            # A demo is walked at any hour; a brand keeps its quiet hours.
            "QUIET_HOURS": os.environ.get("QUIET_HOURS", ""),
            "MARKETPLACES": os.environ.get("MARKETPLACES", "tmall:天猫,jd:京东"),
            "SMS_GATEWAY_URL": sms,
            "WECOM_API_BASE_URL": f"{sandbox}/sandbox/cgi-bin/",
            "WECOM_OAUTH_BASE_URL": f"{web}/sandbox",
            "WECOM_OPEN_BASE_URL": f"{web}/sandbox",
            "WECOM_LOGIN_BASE_URL": f"{web}/sandbox",
            "WECOM_ARCHIVE_BRIDGE_URL": f"{sandbox}/sandbox/cgi-bin/msgaudit/chatdata",
            "WECOM_ZONE_BRIDGE_URL": f"{sandbox}/sandbox/cgi-bin/chatdata",
            "WECHAT_API_BASE_URL": f"{sandbox}/sandbox",
            "STATIC_ROOT": str(self.folder / "static"),
            "MEDIA_ROOT": str(self.folder / "media"),
        }

    def _inner_port(self, name: str) -> int:
        """A port for a server people do not address by hand, the same at every start if free."""
        noted = self._notes.read(f"port: {name}")
        port = choose_port(int(noted) if noted else None)
        while port == self._port:  # chosen for the web, but nobody listens there yet
            port = choose_port()
        self._notes.write(f"port: {name}", str(port))
        return port

    def _migrate(self) -> None:
        contents = digest(PROJECT.glob("*/migrations/*.py"), self._database)
        if not self._notes.is_done("migrate", contents):
            owner = {"DATABASE_URL": self.servers.owner_url, "DATABASE_ROLE": ""}
            self._run([sys.executable, "manage.py", "migrate", "--no-input"], owner)
            self._notes.done("migrate", contents)
        if self.servers.grantee:
            grant_working_role(self.servers.owner_url, self.servers.grantee)

    def _collect_static(self) -> None:
        files = [*PROJECT.glob("*/*/static/**/*"), *PROJECT.glob("requirements/*.lock")]
        contents = digest(files)
        is_there = (self.folder / "static" / "staticfiles.json").exists()
        if not is_there or not self._notes.is_done("static files", contents):
            self._run([sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], {})
            self._notes.done("static files", contents)

    def _load_brand(self) -> None:
        contents = digest(PROJECT.glob("config/demo/**/*"), self._database)
        if not self._notes.is_done("brand", contents):
            self._run_part("brand")
            self._notes.done("brand", contents)

    def _run_part(self, part: str) -> None:
        self._run([sys.executable, "-m", "config.supervisor.part", part], {}, relay=True)

    def _run(
        self, command: list[str], environment: Mapping[str, str], *, relay: bool = False
    ) -> None:
        """Run one command to its end; with ``relay`` its lines are words for the person who
        waits.
        """
        log = self._logs / "opening.log"
        with (
            open_log(log) as output,
            subprocess.Popen(  # noqa: S603 - commands of our own
                command,
                cwd=PROJECT,
                env=self._child_environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if relay else output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            ) as process,
        ):
            try:
                for line in process.stdout or ():
                    self.progress.say(line.decode("utf-8", "replace").rstrip())
                status = process.wait()
            except BaseException:
                process.terminate()
                raise
        if status != 0:
            raise EmbeddedServerError(f"{' '.join(command[1:])} ({status})\n{last_lines(log, 20)}")

    def _child_environment(self, more: Mapping[str, str]) -> dict[str, str]:
        plain = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        return {**os.environ, **self.environment, **plain, **more}

    def _begin(self, name: str, colour: str, module: str, *arguments: str, **more: str) -> Child:
        command = [sys.executable, "-m", module, *arguments]
        program = Program(name, command, self._child_environment(more), colour)
        child = Child(program, self._logs)
        self.watch.begin(child)
        return child

    def _begin_sandbox(self) -> None:
        sandbox, sms = self.environment["SANDBOX_URL"], self.environment["SMS_URL"]
        begun = {
            f"{sandbox}/sandbox/healthz": self._begin(
                *("sandbox", "magenta", "wecom.sandbox", "--port", port_of(sandbox)),
                *("--db", str(self.folder / "sandbox.sqlite3")),
                *("--public-url", self.environment["PUBLIC_URL"]),
            ),
            f"{sms}/healthz": self._begin(
                "sms", "blue", "config.supervisor.sms_gateway", "--port", port_of(sms)
            ),
        }
        for url, child in begun.items():
            self.watch.wait_for(partial(is_answering, child, url), url, _START_SECONDS)

    def _begin_product(self) -> None:
        web = self._begin(
            *("web", "cyan", "uvicorn", "config.asgi:application", "--host", "127.0.0.1"),
            *("--port", str(self._port), "--no-access-log", "--timeout-graceful-shutdown", "2"),
            DATABASE_POOL="1",
        )
        self._begin_worker("worker", "urgent,default,bulk", processes=_CONCURRENCY)
        self._begin_worker("welcomes", "welcome", processes=_WELCOMERS)
        self._begin(
            *("beat", "yellow", "celery", "-A", "config", "beat", "--loglevel", "INFO"),
            *("--pidfile", "", "--schedule", str(self.folder / "beat-schedule")),
        )
        url = f"{self.environment['BASE_URL']}/readyz"
        self.watch.wait_for(partial(is_complete, web, url), url, _START_SECONDS)

    def _begin_worker(self, name: str, queues: str, *, processes: int) -> None:
        self._begin(
            *(name, "green", "celery", "-A", "config", "worker", "-Q", queues),
            *("--hostname", f"{name}@%h", "--concurrency", str(processes)),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        )


def port_of(url: str) -> str:
    """The port an address names."""
    return str(urlsplit(url).port)


def answer_of(url: str) -> dict[str, Any] | None:
    """Give what an address answers with 200 and JSON, None as long as it does not."""
    try:
        answer = httpx.get(url, timeout=5, trust_env=False)
        return answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError):
        return None


def is_answering(child: Child, url: str) -> bool:
    """Tell whether the child, and nobody else, answers there by now."""
    pid = child.process.pid if child.process is not None else 0
    return is_listening(pid, int(port_of(url))) and answer_of(url) is not None


def is_complete(web: Child, ready_url: str) -> bool:
    """Tell whether web, worker, beat and what they need have all been heard of."""
    answer = answer_of(ready_url) if is_answering(web, ready_url) else None
    return answer is not None and answer["parts"]["worker"] == "ok"
