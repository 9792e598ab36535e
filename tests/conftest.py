"""Servers of the tests' own, a database that works under the working role, and the named cast."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from config import environment
from kit.actions import set_session_scope
from kit.actor import EVERYTHING
from tests.cast import Cast, make_cast
from tests.emptying import empty_after_committing_tests
from tests.sandbox import SERVICE_AGENT, SERVICE_SECRET, Sandbox, running_sandbox
from tests.servers import TestServers, start_servers
from tests.sockets import listen

# Before anything of the house is called: what leaves this machine fails its test (L-22).
listen()
empty_after_committing_tests()
# Two processes share two cores: how long an example takes says something about the machine alone.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def servers() -> Iterator[TestServers]:
    """PostgreSQL and Valkey in a folder of their own; DATABASE_URL and REDIS_URL win when set."""
    with (
        tempfile.TemporaryDirectory(prefix="house-tests-") as folder,
        start_servers(Path(folder)) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def django_db_setup(servers: TestServers, django_db_blocker: pytest.FixtureDef[object]) -> None:
    """Migrate as the owner, then work as the role that meets row-level security."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        _use(servers.owner_url)
        servers.fill(lambda: call_command("migrate", verbosity=0, interactive=False))
        servers.grant()
        connection.close()
        _use(servers.app_url, role=servers.assume_role)
    settings.REDIS_URL = settings.CELERY_BROKER_URL = servers.redis_url


def _use(url: str, role: str = "") -> None:
    found = environment.database(url, role=role, pool=False)
    connection.settings_dict.update(found)


@pytest.fixture(autouse=True)
def _tests_see_everything(request: pytest.FixtureRequest) -> None:
    """A test's own reads and builders meet every row; requests lose that (tests/middleware.py)."""
    mark = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    if mark is None and not names & {"db", "transactional_db"}:
        return
    _forget_what_wecom_said(request.getfixturevalue("servers").redis_url)
    wide = "transactional_db" in names or (mark is not None and mark.kwargs.get("transaction"))
    request.getfixturevalue("transactional_db" if wide else "db")
    set_session_scope(EVERYTHING)


def _forget_what_wecom_said(redis_url: str) -> None:
    """Tokens, limits met and pauses of the test before: the next one knows nothing of them."""
    store = redis.Redis.from_url(redis_url)
    for key in store.scan_iter("wecom:*", count=1000):
        store.delete(key)
    store.close()


@pytest.fixture
def cast(db: None) -> Cast:
    """Guides Lin and Zhou of one store, Ma of another, their managers, member Chen."""
    return make_cast()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """One process for the run."""
    with (
        tempfile.TemporaryDirectory(prefix="sandbox-") as folder,
        running_sandbox(Path(folder)) as sandbox,
    ):
        yield sandbox


@pytest.fixture
def no_tokens(servers: TestServers, settings: Settings) -> None:
    """A Redis of the tests' own in which nobody has put a token yet."""
    settings.REDIS_URL = servers.redis_url
    _forget_what_wecom_said(servers.redis_url)


@pytest.fixture
def wecom(sandbox_process: Sandbox, settings: Settings, no_tokens: None) -> Sandbox:
    """A freshly seeded sandbox that the gateway takes for WeCom."""
    url = sandbox_process.url
    settings.WECOM_API_BASE_URL = f"{url}/sandbox/cgi-bin/"
    settings.WECHAT_API_BASE_URL = f"{url}/sandbox"
    settings.WECOM_OPEN_BASE_URL = f"{url}/sandbox"
    settings.WECOM_LOGIN_BASE_URL = f"{url}/sandbox"
    settings.WECOM_ARCHIVE_BRIDGE_URL = f"{url}/sandbox/cgi-bin/msgaudit/chatdata"
    settings.WECOM_ZONE_BRIDGE_URL = f"{url}/sandbox/cgi-bin/chatdata"
    settings.WECOM_APPS = {
        **settings.WECOM_APPS,
        "service": {"agent_id": SERVICE_AGENT, "secret": SERVICE_SECRET},
    }
    sandbox_process.reset()
    return sandbox_process
