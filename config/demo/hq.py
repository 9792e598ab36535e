"""Head office in the story: signs in to the admin, plans a push, launches it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.demo.visitor import Page, Unexpected, Visitor
from groups.content.models import Material
from groups.pushes.models import Push
from kit.actions import scope_of
from kit.actor import Actor
from members.audience.models import Audience

_READER = Actor.system("smoke")


class HeadOffice:
    """Somebody at HQ with her own browser."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.browser = Visitor(environment["BASE_URL"])

    def sign_in(self) -> None:
        page = self.browser.open("/admin/login/?next=/admin/")
        page = self.browser.submit(
            page,
            page.form(having="username"),
            username=self.environment["HQ_USERNAME"],
            password=self.environment["HQ_PASSWORD"],
            next="/admin/",
        )
        if "/login/" in page.url:
            raise Unexpected(f"HQ could not sign in: {page.text[:200]}")

    def plan_push(self, name: str) -> tuple[int, str]:
        """A material with a variant per tier to one store's members: its key and what it costs."""
        with scope_of(_READER):
            material = Material.objects.get(title="冬季新品到店")
            audience = Audience.objects.get(name="国贸店会员")
        page = self.browser.open("/admin/groups/push/add/")
        page = self.browser.submit(
            page,
            page.form(having="holdout_percent"),
            name=name,
            material=str(material.pk),
            audience=str(audience.pk),
            chat_type="single",
        )
        found = re.search(r"/push/(\d+)/plan/", page.url)
        if not found:
            raise Unexpected(f"the push was not kept: {page.url} {page.text[:400]}")
        push = int(found.group(1))
        self._press(push, "count")
        with scope_of(_READER):
            plan = Push.objects.get(pk=push).plan
        if not plan.get("recipients") or not plan.get("excluded"):
            raise Unexpected(f"the plan explains nothing: {plan}")
        fallen = sum(int(line["count"]) for line in plan["excluded"])
        confirmations = plan["confirmations"]
        return push, f"{plan['recipients']} 人收到，{fallen} 人不发，{confirmations} 次确认"

    def launch(self, push: int) -> None:
        """Press the button that says to how many."""
        self._press(push, "launch")
        with scope_of(_READER):
            if Push.objects.get(pk=push).launched_at is None:
                raise Unexpected("the push was not launched")

    def _press(self, push: int, button: str) -> Page:
        page = self.browser.open(f"/admin/groups/push/{push}/plan/")
        return self.browser.submit(page, page.form(to=f"/{button}/"))
