"""Registrations begun on an iPad without network: kept over a reload, reported once, finished by
the customers on their own phones.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.journeys.conftest import IPAD, PHONE, Desk
from tests.journeys.running import RunningDemo, wait_for
from tests.journeys.test_main_job import FRAME, new_customer, read_code, sign_in_lin, sms_code

pytestmark = pytest.mark.journey

REGISTER, SYNC = "/tablet/register/", "**/tablet/register/sync/"
RUN = secrets.token_hex(2)
# What the browser itself says of a network that was cut off on purpose.
OF_THE_CUT = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "/ws/")
IS_KEPT = """async () => (await (await caches.open("register-shell-1")).keys()).length > 3"""
IS_CUT = """async () => { try { await fetch("/tablet/register/begun/"); return false }
             catch { return true } }"""


class Reports:
    """What an iPad tells the server of registrations begun, as it goes over the wire."""

    def __init__(self, page: Page) -> None:
        self.sent: list[list[str]] = []
        page.on("request", self._heard)

    def _heard(self, request: Request) -> None:
        if request.url.endswith("/sync/"):
            begun = json.loads(request.post_data or "{}").get("begun") or []
            if begun:
                self.sent.append(sorted(row["client_id"] for row in begun))


def begin(ipad: Page, picture: Path, called: str = "") -> str:
    """One customer's code out of the spare ones, as a reader of the screen sees it."""
    if called:
        ipad.get_by_role("switch").check()
        ipad.locator("input[name=called]").fill(called)
    ipad.get_by_role("button", name="出示给她扫的码").click()
    expect(ipad.locator("[data-register-code] svg.qr")).to_be_visible()
    ipad.screenshot(path=picture)
    address = read_code(picture)
    ipad.get_by_role("button", name="下一位").click()
    assert "/i/" in address
    return address


def open_code(phone: Page, name: str, address: str) -> None:
    new_customer(phone, name)
    phone.get_by_test_id("tab-scan").click()
    phone.wait_for_url("**/scan/")
    phone.wait_for_load_state("load")
    phone.get_by_test_id("scan-url").fill(address)
    phone.get_by_test_id("scan-submit").click()


def finish(phone: Page, demo: RunningDemo) -> None:
    """On her own phone, from the code to the card."""
    frame = phone.frame_locator(FRAME)
    frame.get_by_role("button", name="开始").click()
    frame.get_by_role("button", name="同意告知").click()
    number = f"198{secrets.randbelow(10**8):08d}"
    frame.locator("input[name=phone]").fill(number)
    frame.get_by_role("button", name="获取验证码").click()
    expect(frame.locator("input[name=code]")).to_be_visible()
    frame.locator("input[name=code]").fill(sms_code(demo, number))
    expect(frame.get_by_text("迎新礼券").first).to_be_visible()


def test_begun_without_network_reported_once_finished_by_the_customers(  # noqa: PLR0915 - one morning
    desk: Desk, demo: RunningDemo, pictures: Path
) -> None:
    ipad = desk.window(IPAD)
    sign_in_lin(ipad)
    ipad.goto(REGISTER)
    expect(ipad.locator("[data-register-spares]")).to_contain_text("10 个")
    ipad.wait_for_function(IS_KEPT)
    expect(ipad.locator("#begun")).not_to_be_empty()
    begun_before = ipad.locator("#begun a.row").count()
    reports = Reports(ipad)

    ipad.context.set_offline(True)
    ipad.goto("/tablet/")
    assert ipad.evaluate(IS_CUT)
    named = begin(ipad, pictures / "offline-1.png", called=f"李女士{RUN}")
    nameless = begin(ipad, pictures / "offline-2.png")
    assert named != nameless
    queue, spares = ipad.locator("[data-register-queue]"), ipad.locator("[data-register-spares]")
    ipad.reload()
    expect(queue).to_contain_text("有 2 位")
    expect(spares).to_contain_text("8 个")
    ipad.screenshot(path=pictures / "offline-queue.png")
    assert reports.sent == []

    # Nobody has to wait for the iPad: a spare code is good before it was reported.
    early = desk.window(PHONE)
    open_code(early, f"周早{RUN}", nameless)
    finish(early, demo)

    come_back_and_lose_the_answer(ipad)
    expect(queue).to_contain_text("有 2 位")
    with ipad.expect_response(SYNC) as answered:
        ipad.goto(REGISTER)
    outcomes = [row["outcome"] for row in answered.value.json()["begun"]]
    assert outcomes == ["known", "known"]
    expect(queue).to_be_hidden()
    rows = ipad.locator("#begun a.row")
    expect(rows).to_have_count(begun_before + 2)
    # However often it was told, the same two; and once it was heard, never again.
    told = len(reports.sent)
    assert told >= 2
    assert len({tuple(sent) for sent in reports.sent}) == 1
    expect(rows.filter(has_text=f"李女士{RUN}")).to_contain_text("等她扫码")

    ipad.reload()
    expect(spares).to_contain_text("10 个")
    assert len(reports.sent) == told

    late = desk.window(PHONE)
    open_code(late, f"李晚{RUN}", named)
    finish(late, demo)
    # The iPad asks by itself when the hint arrives; how she is called went to her own card.
    expect(rows.filter(has_text=f"李女士{RUN}")).to_have_count(0)
    late.get_by_test_id("browser-reload").click()
    expect(late.frame_locator(FRAME).get_by_role("heading", level=1)).to_contain_text(RUN)
    expect(rows).to_have_count(begun_before + 2)

    stranger = desk.window(PHONE)
    with stranger.expect_response(lambda answer: "/i/" in answer.url) as turned_away:
        open_code(stranger, f"吴外{RUN}", named)
    assert turned_away.value.status == 404
    expect(stranger.frame_locator(FRAME).get_by_role("button", name="开始")).to_have_count(0)
    desk.complaints = [
        said
        for said in desk.complaints
        if not any(word in said for word in OF_THE_CUT)
        and not said.startswith(f"{turned_away.value.url}: ")
    ]
    desk.must_be_silent()


def come_back_and_lose_the_answer(ipad: Page) -> None:
    """There is network again; the first report arrives, its answer does not."""
    heard: list[list[str]] = []

    def lose(route: Route) -> None:
        told = route.fetch().json()
        heard.append([row["outcome"] for row in told["begun"]])
        route.abort()

    ipad.route(SYNC, lose, times=1)
    ipad.context.set_offline(False)
    assert wait_for(lambda: ipad.evaluate("true") and heard, seconds=40)
    assert heard == [["begun", "begun"]]
