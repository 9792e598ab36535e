"""A real browser in front of a running demo; every page's console is kept and must stay empty."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from config.supervisor.environment import read_env_file
from tests.journeys.running import RunningDemo, running_demo

IPAD = {"width": 1180, "height": 820}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A fresh one; `DEMO_FOLDER` names one that runs already, while a journey is being written."""
    given = os.environ.get("DEMO_FOLDER")
    if given:
        yield RunningDemo(Path(given), read_env_file(Path(given) / "demo.env"), None)
        return
    with running_demo(tmp_path_factory.mktemp("journey") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.exit("journeys need Chromium: apt-get install chromium, or set CHROMIUM", 3)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


class Desk:
    """Opens windows for people and remembers what their consoles said."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser = browser
        self.base = base
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    def window(self, size: dict[str, int], *, touch: bool = True, dark: bool = False) -> Page:
        """A window with cookies of its own."""
        context = self.browser.new_context(
            base_url=self.base,
            viewport={"width": size["width"], "height": size["height"]},
            has_touch=touch,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(40_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        # The admin has a policy of its own and the sandbox is not our page.
        if message.type in {"error", "warning"} and "/admin/" not in where:
            self.complaints.append(f"{where}: {message.text}")

    def must_be_silent(self) -> None:
        """Fails with every word that a console said."""
        if self.complaints:
            pytest.fail("\n".join(self.complaints))

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def desk(browser: Browser, demo: RunningDemo) -> Iterator[Desk]:
    opened = Desk(browser, demo.base)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go, for people to look at afterwards."""
    folder = Path(os.environ.get("PICTURES", "test-results/journeys"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
