"""Somebody who refuses whatever can be refused: a member all the same, in six taps at most.

Then she reads what is kept of her, takes a copy, and leaves.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.journeys.conftest import PHONE, Desk
from tests.journeys.running import RunningDemo
from tests.journeys.test_main_job import FRAME, control, new_customer, sms_code

pytestmark = pytest.mark.journey

MOST_TAPS = 6
RUN = secrets.token_hex(2)
# Counts what is asked of the phone itself, in every frame, before any script of a page runs.
WATCH_POSITION = """
if (navigator.geolocation) for (const name of ["getCurrentPosition", "watchPosition"])
  navigator.geolocation[name] = () => { throw new Error("a position was asked for"); };
"""


class Thumb:
    """Taps, and counts them; a field that is filled by the phone counts as a tap into it."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, target: Locator) -> None:
        target.click()
        self.taps += 1

    def fill(self, field: Locator, text: str) -> None:
        self.tap(field)
        field.fill(text)


def no_switch_is_on(frame: FrameLocator) -> int:
    """How many switches the page has; none of them is on."""
    switches = frame.get_by_role("switch")
    expect(switches.first).to_be_visible()
    assert not any(switches.nth(i).is_checked() for i in range(switches.count()))
    return switches.count()


def join_refusing(frame: FrameLocator, demo: RunningDemo, number: str, pictures: Path) -> int:
    """From the scanned code to the card; every choice that there is, is a no. Gives the taps."""
    thumb = Thumb()
    # Not her position: a store of the list.
    thumb.tap(frame.get_by_role("link", name="国贸店"))
    # Not one purpose: the notice alone.
    assert no_switch_is_on(frame) >= 4
    assert frame.locator("input[name=birth_year]").count() == 0
    thumb.tap(frame.get_by_role("button", name="同意告知"))
    # Not her picture and nickname of WeChat.
    thumb.tap(frame.get_by_test_id("oauth-refuse"))
    thumb.fill(frame.locator("input[name=phone]"), number)
    thumb.tap(frame.get_by_role("button", name="获取验证码"))
    thumb.fill(frame.locator("input[name=code]"), sms_code(demo, number))
    expect(frame.get_by_text("迎新礼券").first).to_be_visible()
    return thumb.taps


def take_copy(page: Page, frame: FrameLocator) -> str:
    """Her copy as a file; the code of a moment ago still shows that it is she."""
    frame.get_by_role("link", name="看全部，或下载").click()
    expect(frame.get_by_role("heading", name="我的全部资料")).to_be_visible()
    with page.expect_download() as taken:
        frame.get_by_role("link", name="下载为文件").click()
    return Path(taken.value.path()).read_text(encoding="utf-8")


def leave(frame: FrameLocator) -> None:
    frame.get_by_role("link", name="隐私与授权").click()
    frame.get_by_role("link", name="退出会员").click()
    expect(frame.get_by_role("heading", name="要退出会员吗")).to_be_visible()
    frame.locator("input[name=delete]").check()
    frame.get_by_role("button", name="确定退出").click()
    expect(frame.get_by_text("您已退出会员")).to_be_visible()


def test_refusing_everything_gives_the_same_card(  # noqa: PLR0915 - told in order
    desk: Desk, demo: RunningDemo, pictures: Path
) -> None:
    phone = desk.window(PHONE)
    phone.context.add_init_script(WATCH_POSITION)
    control(demo, "switches", oauth_consent_page=True)
    try:
        new_customer(phone, f"拒绝{RUN}")
        phone.get_by_test_id("tab-scan").click()
        phone.wait_for_url("**/scan/")
        phone.get_by_test_id("recent-code").filter(has_text="附近门店").first.click()
        frame = phone.frame_locator(FRAME)
        number = f"198{secrets.randbelow(10**8):08d}"
        assert join_refusing(frame, demo, number, pictures) <= MOST_TAPS
    finally:
        control(demo, "switches", oauth_consent_page=False)
    expect(frame.get_by_label("会员卡")).to_contain_text("普卡")
    phone.screenshot(path=pictures / "refused-card.png")

    frame.get_by_role("link", name="隐私与授权").click()
    assert no_switch_is_on(frame) >= 5
    # She refuses even that what is kept is used; the card stays.
    frame.locator("input[name=restricted]").check()
    expect(frame.get_by_text("从现在起只保存")).to_be_visible()
    phone.screenshot(path=pictures / "refused-privacy.png")

    copy = take_copy(phone, frame)
    told = json.loads(copy)
    assert number in copy
    assert "unionid" not in {row.get("账号标识") for part in told["parts"] for row in part["rows"]}
    phone.screenshot(path=pictures / "refused-copy.png")

    leave(frame)
    phone.screenshot(path=pictures / "refused-left.png")
    context = desk.window(PHONE)
    context.context.add_cookies(phone.context.cookies())  # type: ignore[arg-type]
    context.goto("/m/")
    expect(context.get_by_text("请先扫一下导购的码")).to_be_visible()
    # The page without a card answers 401, and the browser says so.
    desk.complaints = [said for said in desk.complaints if "401" not in said]
    desk.must_be_silent()
