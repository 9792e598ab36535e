"""The main job as steps that anybody can walk against a running demo, through its own doors.

Each step raises Unexpected when the product does not do what the story says. The smoke test prints
them as a table; the fault tests kill processes between them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils import timezone

from config.demo.hq import HeadOffice
from config.demo.outside import Till, World, live_screen, sms_code, until
from config.demo.truth import (
    credited_to,
    draft_for,
    is_friend_and_member,
    people_in_group,
    was_delivered,
)
from config.demo.visitor import Page, Unexpected, Visitor
from kit.actions import scope_of
from kit.actor import Actor
from members.registration.models import ChannelCode

LIN = "linxiao"
_READER = Actor.system("smoke")


class Customer:
    """A new customer of this run: her phone in the sandbox, her number, her own browser."""

    def __init__(self, world: World, base: str, name: str) -> None:
        made = world.act("create_customer", name=name)["customer"]
        self.id: str = made["external_userid"]
        self.name = name
        self.phone = f"198{secrets.randbelow(10**8):08d}"
        self.browser = Visitor(base, sandbox_cookies={"sandbox_phone": self.id})


class Story:
    """One walk. State that later steps need is kept on the walker."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.base = environment["BASE_URL"]
        self.world = World(environment)
        self.till = Till(environment)
        self.run = secrets.token_hex(3)
        self.lin = Visitor(self.base, sandbox_cookies={"sandbox_member": LIN})
        self.hq = HeadOffice(environment)
        self.chen = Customer(self.world, self.base, f"陈小满{self.run}")
        self.wu = Customer(self.world, self.base, f"吴遥{self.run}")
        self.receipt_no = f"SMOKE-{self.run}"

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Titles and what to do; each answers with a word about what was seen."""
        yield "林晓用企业微信登录 iPad", self.sign_in
        yield "渠道码全屏展示", self.show_code
        yield "陈小满扫码、同意、验证手机、成为会员", self.join
        yield "加企微：回调、绑定、合并、欢迎语一次", self.become_friends
        yield "进群：群成员按企业微信的名单更新", self.join_group
        yield "总部预演群发", self.plan_push
        yield "发起群发，林晓的 iPad 不刷新就看到任务", self.launch_push
        yield "有人撤回授权：任务取消并重建，不含她", self.withdraw
        yield "林晓在企业微信里确认，结果逐人返回", self.confirm_push
        yield "打开追踪链接、下单，业绩归林晓", self.buy
        yield "退货，业绩收回", self.take_back
        yield "群里问营业时间：草稿等林晓发出", self.ask_hours
        yield "微信客服里同样的问题：小助手直接回答", self.ask_service
        yield "拉链坏了要退钱：不回答，转人工带倒计时", self.ask_for_money

    # ------------------------------------------------------------ registering

    def sign_in(self) -> str:
        page = self.lin.open("/tablet/sign-in/wecom/begin/")
        if not page.url.endswith("/tablet/"):
            raise Unexpected(f"not signed in: {page.url} {page.text[:200]}")
        return "今日页打开"

    def show_code(self) -> str:
        page = self.lin.open("/tablet/code/")
        if "<svg" not in page.html:
            raise Unexpected("the page shows no code")
        with scope_of(_READER):
            self.code = (
                ChannelCode.objects.filter(guide__wecom_userid=LIN, is_active=True)
                .order_by("pk")
                .first()
            )
        if self.code is None:
            raise Unexpected("林晓 has no channel code")
        return f"/q/{self.code.token[:6]}…/"

    def join(self) -> str:
        for customer in (self.chen, self.wu):
            self._join(customer)
        return "两位新会员"

    def _join(self, customer: Customer) -> Page:
        token = self.code.token if self.code else ""
        landing = customer.browser.open(f"/q/{token}/")
        form = landing.form(having="permission")
        if form.ticked.get("permission"):
            raise Unexpected("a permission is ticked beforehand")
        wanted = ("direct_marketing", "group_marketing", "link_tracking", "chat_archive")
        phone = customer.browser.submit(
            landing, form, tick=tuple(f"permission={name}" for name in wanted)
        )
        code = customer.browser.submit(phone, phone.form(having="phone"), phone=customer.phone)
        digits = sms_code(self.environment, f"+86{customer.phone}")
        card = customer.browser.submit(code, code.form(having="code"), code=digits)
        if not card.url.endswith("/m/") or "迎新礼券" not in card.text:
            raise Unexpected(f"no card with a gift: {card.url} {card.text[:200]}")
        return card

    def become_friends(self) -> str:
        seconds = 0.0
        for customer in (self.chen, self.wu):
            config_id = until(self._contact_way, "林晓's contact-me code")
            begun = timezone.now()
            self.world.act("scan_contact_way", config_id=config_id, customer=customer.id)
            until(lambda who=customer: self.world.messages(who.id, "welcome"), "the welcome")  # type: ignore[misc]
            seconds = max(seconds, (timezone.now() - begun).total_seconds())
            until(lambda who=customer: is_friend_and_member(who.id), f"{customer.name} as a friend")  # type: ignore[misc]
            if len(texts(self.world.messages(customer.id, "welcome"))) != 1:
                raise Unexpected("the welcome came more than once")
        return f"欢迎语 {seconds:.1f} 秒"

    def _contact_way(self) -> str:
        with scope_of(_READER):
            return ChannelCode.objects.get(pk=self.code.pk).config_id if self.code else ""

    def join_group(self) -> str:
        groups = self.world.see(f"state/member/{LIN}")["groups"]
        self.chat_id = groups[0]["chat_id"]
        for customer in (self.chen, self.wu):
            self.world.act("join_group", customer=customer.id, chat_id=self.chat_id)
        truth = {
            member["member_id"]
            for member in self.world.see(f"state/group/{self.chat_id}")["members"]
        }
        until(lambda: people_in_group(self.chat_id) == truth, "the group as WeCom lists it")
        return f"{len(truth)} 人，与企业微信一致"

    # ------------------------------------------------------------ the push

    def plan_push(self) -> str:
        self.hq.sign_in()
        self.push, word = self.hq.plan_push(f"冬季新品 {self.run}")
        return word

    def launch_push(self) -> str:
        with live_screen(self.lin) as screen:
            self.hq.launch(self.push)
            until(lambda: "task" in screen.recv(timeout=30), "a hint about the task", seconds=60)
        until(lambda: "冬季新品" in self.lin.open("/tablet/").text, "the task on Today")
        self._task_with(self.chen)
        return "websocket 提醒，今日页有任务"

    def _open_tasks(self) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = self.world.see("tasks", userid=LIN)["tasks"]
        return [task for task in tasks if task["status"] == "waiting"]

    def _reaches(self, task: dict[str, Any], customer: Customer) -> bool:
        rows = self.world.see(f"state/mass/{task['msgid']}")["rows"]
        return any(row["target"] == customer.id for row in rows)

    def _task_with(self, customer: Customer) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            mine = [task for task in self._open_tasks() if self._reaches(task, customer)]
            return mine[0] if mine else None

        return until(found, f"an open task in WeCom with {customer.name}")

    def withdraw(self) -> str:
        before = self._task_with(self.wu)["msgid"]
        page = self.wu.browser.open("/m/privacy/")
        form = next(form for form in page.forms if form.fields.get("purpose") == "direct_marketing")
        self.wu.browser.submit(page, form, untick=("granted",))

        def made_again() -> bool:
            tasks = self._open_tasks()
            if any(self._reaches(task, self.wu) for task in tasks):
                return False
            return any(task["msgid"] != before and self._reaches(task, self.chen) for task in tasks)

        until(made_again, "the task made again without her", seconds=60)
        return "旧任务已取消，新任务不含吴遥"

    def confirm_push(self) -> str:
        for task in self._open_tasks():
            self.world.act("confirm_task", msgid=task["msgid"], userid=LIN)
        until(lambda: self.world.messages(self.chen.id, "mass"), "the message on her phone")
        until(lambda: was_delivered(self.push, self.chen.id), "her result", seconds=90)
        if len(texts(self.world.messages(self.chen.id, "mass"))) != 1:
            raise Unexpected("the push reached her more than once")
        if self.world.messages(self.wu.id, "mass"):
            raise Unexpected("the push reached somebody who had withdrawn")
        return "到陈小满一次，到吴遥零次"

    # ------------------------------------------------------------ the purchase

    def buy(self) -> str:
        link = link_in(self.world.messages(self.chen.id, "mass"))
        self.chen.browser.open(link)
        now = timezone.now().isoformat()
        line = {"line": 1, "sku": "QC-2001", "quantity": 1, "amount": 219900}
        receipt = {
            "receipt_no": self.receipt_no,
            "store": "S001",
            "sold_at": now,
            "member": {"phone": f"+86{self.chen.phone}"},
            "lines": [line],
        }
        before = self._sales()
        self.till.report(receipt)
        self.till.report(receipt)
        until(lambda: self._sales() == before + 219900, "the sale in 林晓's figures")
        page = self.lin.open("/tablet/figures/")
        if "¥" not in page.text:
            raise Unexpected("the figures show no money")
        return "¥2,199 归林晓，重复上报只算一次"

    def take_back(self) -> str:
        before = self._sales()
        self.till.report(
            {
                "receipt_no": f"{self.receipt_no}-R",
                "store": "S001",
                "sold_at": timezone.now().isoformat(),
                "member": {"phone": f"+86{self.chen.phone}"},
                "lines": [
                    {
                        "line": 1,
                        "sku": "QC-2001",
                        "quantity": -1,
                        "amount": -219900,
                        "refund_of": f"{self.receipt_no}/1",
                    }
                ],
            }
        )
        until(lambda: self._sales() == before - 219900, "the refund in 林晓's figures")
        return "¥2,199 已收回"

    def _sales(self) -> int:
        return credited_to(LIN)

    # ------------------------------------------------------------ the questions

    def ask_hours(self) -> str:
        self.world.act(
            "chat", **{"from": self.chen.id}, chat_id=self.chat_id, text="请问今天营业到几点呀？"
        )
        draft = until(lambda: draft_for(self.chat_id, "22:00"), "a draft with the closing time")
        if "待发" not in self.lin.open("/tablet/drafts/").text:
            raise Unexpected("the draft is not on the iPad")
        self.world.act("chat", **{"from": LIN}, chat_id=self.chat_id, text=draft)
        until(lambda: not draft_for(self.chat_id, "22:00"), "the draft to count as sent")
        return draft

    def ask_service(self) -> str:
        account = self.environment.get("KF_ACCOUNT", "wkDemoService000000000000000000001")
        self.world.act("kf_chat", customer=self.chen.id, open_kfid=account, text="你们几点关门？")
        answer = until(lambda: self.world.messages(self.chen.id, "kf_api"), "the bot's answer")
        return str(answer[-1]["content"].get("text", {}).get("content", ""))[:40]

    def ask_for_money(self) -> str:
        self.world.act(
            "chat",
            **{"from": self.chen.id},
            chat_id=self.chat_id,
            text="上周买的大衣拉链坏了，能退钱吗？",
        )
        until(lambda: "拉链" in self.lin.open("/tablet/").text, "the card on Today")
        if draft_for(self.chat_id, "退"):
            raise Unexpected("the bot drafted an answer about money")
        return "没有草稿，有卡片"


def texts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The texts among messages: every attachment arrives as a message of its own."""
    return [message for message in messages if message["content"]["msgtype"] == "text"]


def link_in(messages: list[dict[str, Any]]) -> str:
    """The first tracked link in messages, whether in a text or on a card. Raises Unexpected."""
    found = re.search(r"https?://[^/\s]+/s/[\w-]+", str([m["content"] for m in messages]))
    if not found:
        raise Unexpected(f"no tracked link: {str(messages)[:300]}")
    return found.group()
