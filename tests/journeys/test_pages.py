"""Every screen once, light and dark: nobody is shut out, nothing is heavy, no console speaks."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

from tests.journeys.conftest import IPAD, PHONE, Desk
from tests.journeys.running import RunningDemo
from tests.journeys.test_main_job import FRAME, control, sign_in_lin, sms_code

pytestmark = pytest.mark.journey

TABLET = ("", "code/", "members/", "groups/", "materials/", "tasks/", "figures/", "drafts/",
          "escalations/", "settings/", "figures/credits/")  # fmt: skip
PORTRAIT = {"width": 820, "height": 1180}
TABLET_LIMIT, MEMBER_LIMIT = 150_000, 100_000


def faults(page: Page) -> list[str]:
    """What axe-core calls serious or worse, with the first element."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{page.url} {fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]


def weigh(page: Page, address: str) -> int:
    """Bytes over the wire of a first visit, pictures of other hosts apart."""
    sizes: list[int] = []

    def heard(response: Response) -> None:
        if "/ws/" not in response.url:
            sizes.append(response.request.sizes()["responseBodySize"])

    page.on("response", heard)
    page.goto(address, wait_until="load")
    page.remove_listener("response", heard)
    return sum(sizes)


@pytest.mark.parametrize("dark", [False, True])
def test_the_ipad_shuts_nobody_out(desk: Desk, dark: bool) -> None:
    page = desk.window(IPAD, dark=dark)
    sign_in_lin(page)
    found = []
    for size in (IPAD, PORTRAIT):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for place in TABLET:
            page.goto(f"/tablet/{place}")
            found += faults(page)
    assert found == []
    desk.must_be_silent()


@pytest.mark.parametrize("dark", [False, True])
def test_the_members_phone_shuts_nobody_out(desk: Desk, demo: RunningDemo, dark: bool) -> None:
    page = desk.window(PHONE, dark=dark)
    found = []
    for address in ("/", "/sandbox/", "/sandbox/phone/", "/sandbox/wecom/", "/tablet/sign-in/"):
        page.goto(address)
        found += faults(page)
    a_new_member(page, demo, found)
    for address in ("/m/", "/m/privacy/"):
        page.goto(address)
        found += faults(page)
    assert found == []
    desk.must_be_silent()


def a_new_member(page: Page, demo: RunningDemo, found: list[str]) -> None:
    """From the scan to the card, looking at each page on the way."""
    code = first_code(page, demo)
    page.locator(f"[data-open='{code}']").first.click()
    frame = page.frame_locator(FRAME)
    frame.get_by_role("button", name="同意告知").click()
    phone = f"198{secrets.randbelow(10**8):08d}"
    frame.locator("input[name=phone]").fill(phone)
    found += faults(page)
    frame.get_by_role("button", name="获取验证码").click()
    frame.locator("input[name=code]").wait_for()
    found += faults(page)
    frame.locator("input[name=code]").fill(sms_code(demo, phone))
    frame.get_by_text("迎新礼券").first.wait_for()


def first_code(page: Page, demo: RunningDemo) -> str:
    """An address of Lin's on the list of codes that the phone met lately."""
    customer = control(demo, "acts/create_customer", name="叶知秋")["customer"]["external_userid"]
    page.goto(f"/sandbox/phone/{customer}/scan/")
    code = page.get_by_test_id("recent-code").filter(has_text="林晓").first
    return code.get_attribute("data-open") or ""


def test_first_visits_are_light(desk: Desk, demo: RunningDemo) -> None:
    member = desk.window(PHONE)
    assert weigh(member, first_code(desk.window(PHONE), demo)) <= MEMBER_LIMIT
    signed_in = desk.window(IPAD)
    sign_in_lin(signed_in)
    fresh = desk.window(IPAD)
    fresh.context.add_cookies(signed_in.context.cookies())  # type: ignore[arg-type]
    assert weigh(fresh, "/tablet/") <= TABLET_LIMIT
    for place in ("figures/", "code/", "members/"):
        another = desk.window(IPAD)
        another.context.add_cookies(signed_in.context.cookies())  # type: ignore[arg-type]
        assert weigh(another, f"/tablet/{place}") <= TABLET_LIMIT, place
