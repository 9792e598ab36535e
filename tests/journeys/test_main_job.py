"""The main job in a real browser: Lin's iPad, a customer's phone, head office, Lin's WeCom client.

Pictures of the screens are kept; no console of ours may say a word.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
import requests
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect

from tests.journeys.conftest import IPAD, PHONE, Desk
from tests.journeys.running import RunningDemo, wait_for

pytestmark = pytest.mark.journey
expect.set_options(timeout=30_000)

FRAME = "iframe[data-testid=phone-browser-frame]"
SIDEBAR = "iframe[data-testid=sidebar-frame]"
RUN = secrets.token_hex(2)
NAME = f"陈小满{RUN}"


def read_code(picture: Path) -> str:
    """What an independent reader sees in a picture of the screen."""
    found = zxingcpp.read_barcodes(Image.open(picture))
    assert found, f"no code can be read in {picture}"
    return str(found[0].text)


def sign_in_lin(page: Page) -> None:
    page.goto("/tablet/")
    page.get_by_role("link", name="用企业微信登录").click()
    page.locator("[data-testid=choose-member][data-id=linxiao]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("林")


def show_code(page: Page, pictures: Path) -> str:
    page.get_by_role("link", name="我的码", exact=True).click()
    expect(page.locator("main svg").first).to_be_visible()
    picture = pictures / "code.png"
    page.screenshot(path=picture)
    return read_code(picture)


def new_customer(page: Page, name: str) -> str:
    page.goto("/sandbox/phone/")
    page.get_by_test_id("customer-name").fill(name)
    page.get_by_test_id("create-customer-submit").click()
    page.wait_for_selector("body[data-customer]")
    return page.locator("body").get_attribute("data-customer") or ""


def register(page: Page, address: str, demo: RunningDemo, pictures: Path) -> None:
    page.get_by_test_id("tab-scan").click()
    page.wait_for_url("**/scan/")
    page.wait_for_load_state("load")
    page.get_by_test_id("scan-url").fill(address)
    page.get_by_test_id("scan-submit").click()
    frame = page.frame_locator(FRAME)
    switches = frame.get_by_role("switch")
    expect(switches.first).to_be_visible()
    assert not any(switches.nth(i).is_checked() for i in range(switches.count()))
    page.screenshot(path=pictures / "join.png")
    for purpose in ("direct_marketing", "group_marketing", "link_tracking", "chat_archive"):
        frame.locator(f"input[name=permission][value={purpose}]").check()
    frame.get_by_role("button", name="同意告知").click()
    phone = f"198{secrets.randbelow(10**8):08d}"
    frame.locator("input[name=phone]").fill(phone)
    frame.get_by_role("button", name="获取验证码").click()
    expect(frame.locator("input[name=code]")).to_be_visible()
    frame.locator("input[name=code]").fill(sms_code(demo, phone))
    # Six digits are an answer: the page goes on by itself.
    expect(frame.get_by_text("迎新礼券").first).to_be_visible()
    page.screenshot(path=pictures / "card.png")


def sms_code(demo: RunningDemo, phone: str) -> str:
    found: list[str] = []

    def arrived() -> bool:
        answer = requests.get(
            f"{demo.environment['SMS_URL']}/messages", params={"phone": f"+86{phone}"}, timeout=10
        )
        digits = ["".join(filter(str.isdigit, m["text"]))[:6] for m in answer.json()["messages"]]
        found[:] = digits[-1:]
        return bool(found)

    assert wait_for(arrived, seconds=20)
    return found[0]


def control(demo: RunningDemo, path: str, **body: Any) -> dict[str, Any]:
    url = f"{demo.environment['SANDBOX_URL']}/sandbox/control/api/{path}"
    answer = requests.post(url, json=body, timeout=20) if body else requests.get(url, timeout=20)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def add_lin(page: Page) -> None:
    frame = page.frame_locator(FRAME)
    frame.get_by_text("林晓").first.wait_for()
    page.get_by_test_id("browser-recognise").click()
    frame.get_by_test_id("add-friend").click()
    expect(page.locator("[data-testid=message][data-source=welcome]").first).to_be_visible()
    texts = page.locator("[data-testid=message][data-source=welcome]", has_text="林晓")
    assert texts.count() == 1


def plan_and_launch(page: Page, demo: RunningDemo, pictures: Path) -> None:
    page.goto("/admin/")
    page.fill("input[name=username]", demo.environment["HQ_USERNAME"])
    page.fill("input[name=password]", demo.environment["HQ_PASSWORD"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    page.screenshot(path=pictures / "hq.png")
    page.goto("/admin/groups/push/add/")
    page.fill("input[name=name]", f"冬季新品 {RUN}")
    page.select_option("select[name=material]", label="冬季新品到店")
    page.select_option("select[name=audience]", label="国贸店会员")
    page.locator("button[name=_save], input[name=_save]").first.click()
    page.wait_for_url("**/plan/")
    page.locator("form[action$='/count/'] button").first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=pictures / "push.png", full_page=True)
    # The button asks once more and says to how many.
    page.locator("[popovertarget=launch]:not([popovertargetaction])").first.click()
    page.locator("form[action$='/launch/'] button[type=submit]").click()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("已发起").first).to_be_visible()


def tap_news(page: Page, awaited: str) -> bool:
    """Nobody reloads the iPad: when the bar says that something came, she taps it."""
    bar = page.locator("[data-live-bar]")
    if bar.is_visible():
        bar.click()
    return page.get_by_text(awaited).first.is_visible()


def confirm_in_wecom(page: Page) -> None:
    page.goto("/sandbox/wecom/linxiao/tasks/")
    waiting = page.locator("[data-testid=task][data-status=waiting] [data-testid=confirm-task]")
    while waiting.count():
        before = waiting.count()
        waiting.first.click()
        expect(waiting).to_have_count(before - 1)


def report_purchase(demo: RunningDemo, external_userid: str, *, refund: bool) -> None:
    number, sign = f"J-{RUN}", -1 if refund else 1
    line = {"line": 1, "sku": "QC-2001", "quantity": sign, "amount": sign * 219900}
    receipt = {
        "receipt_no": number + ("-R" if refund else ""),
        "store": "S001",
        "sold_at": timezone.now().isoformat(),
        "member": {"external_userid": external_userid},
        "lines": [line | ({"refund_of": f"{number}/1"} if refund else {})],
    }
    answer = requests.post(
        f"{demo.base}/api/v1/purchases/",
        json=receipt,
        headers={"Authorization": f"Bearer {demo.environment['TILL_KEY']}"},
        timeout=20,
    )
    assert answer.ok, answer.text


def send_draft_from_sidebar(page: Page, chat_id: str, pictures: Path) -> None:
    page.goto(f"/sandbox/wecom/linxiao/chat/group/{chat_id}/")
    frame: FrameLocator = page.frame_locator(SIDEBAR)
    draft = frame.get_by_text("营业时间").first
    expect(draft).to_be_visible()
    page.screenshot(path=pictures / "sidebar.png")
    frame.get_by_role("button", name="发到群里").first.click()
    expect(page.locator("[data-testid=message][data-source=sidebar]").last).to_contain_text("22:00")


def test_the_main_job(  # noqa: PLR0915 - one day of four people, told in order
    desk: Desk, demo: RunningDemo, pictures: Path
) -> None:
    ipad, phone = desk.window(IPAD), desk.window(PHONE)
    sign_in_lin(ipad)
    address = show_code(ipad, pictures)
    assert "/q/" in address

    customer = new_customer(phone, NAME)
    register(phone, address, demo, pictures)
    add_lin(phone)

    groups = control(demo, "state/member/linxiao")["groups"]
    chat_id = groups[0]["chat_id"]
    control(demo, "acts/join_group", customer=customer, chat_id=chat_id)

    ipad.goto("/tablet/")
    ipad.screenshot(path=pictures / "today-before.png")
    hq = desk.window(IPAD, touch=False)
    plan_and_launch(hq, demo, pictures)
    assert wait_for(lambda: tap_news(ipad, "冬季新品"), seconds=60)

    client = desk.window(IPAD)
    confirm_in_wecom(client)
    phone.goto(f"/sandbox/phone/{customer}/chat/guide/linxiao/")
    mass = phone.locator("[data-testid=message][data-source=mass]")
    expect(mass.first).to_be_visible()
    phone.screenshot(path=pictures / "push-on-phone.png")
    phone.get_by_test_id("link-card").last.click()
    expect(phone.frame_locator(FRAME).get_by_text("双面呢大衣").first).to_be_visible()

    report_purchase(demo, customer, refund=False)
    ipad.goto("/tablet/figures/")
    expect(ipad.get_by_text("¥").first).to_be_visible()
    ipad.screenshot(path=pictures / "figures.png")
    ipad.goto("/tablet/figures/credits/")
    expect(ipad.get_by_text(f"J-{RUN}").or_(ipad.get_by_text("¥2,199")).first).to_be_visible()
    report_purchase(demo, customer, refund=True)

    control(demo, "acts/chat", **{"from": customer}, chat_id=chat_id, text="请问今天营业到几点呀？")
    send_draft_from_sidebar(client, chat_id, pictures)
    control(
        demo, "acts/chat", **{"from": customer}, chat_id=chat_id, text="大衣拉链坏了，能退钱吗？"
    )
    ipad.goto("/tablet/")
    assert wait_for(lambda: tap_news(ipad, "拉链"), seconds=60)
    ipad.screenshot(path=pictures / "today.png")

    desk.must_be_silent()
