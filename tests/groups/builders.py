"""Builders of this floor: the sandbox and its people, materials, pushes; the worker's part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from groups.content.models import Material, MaterialKind, MaterialState, Variant
from groups.pushes.models import Push
from kit.actor import Actor
from kit.events import DomainEvent
from members.audience.models import Audience
from members.consent.models import Purpose
from members.identity.models import Member
from stores.org.models import Account, Guide
from tests.cast import PASSWORD, Cast, a_member
from tests.members.builders import a_contact, grant, run_handlers
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow, OutboxState

TESTER = Actor.system("test")


class World:
    """The sandbox as its people use it."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST to the control API; a refusal fails the test."""
        answer = self.client.post(f"/sandbox/control/api/{path}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, what: str, **query: Any) -> dict[str, Any]:
        """GET from the control API."""
        answer = self.client.get(f"/sandbox/control/api/{what}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def waiting(self, guide: Guide) -> list[dict[str, Any]]:
        """Mass sends that wait for her confirmation in the client."""
        tasks = self.ask("tasks", userid=guide.wecom_userid)["tasks"]
        return [task for task in tasks if task["status"] == "waiting"]

    def confirm(self, guide: Guide, msgid: str, **more: Any) -> dict[str, Any]:
        """She taps "send" in her client."""
        return self.control(
            "acts/confirm_task", {"msgid": msgid, "userid": guide.wecom_userid} | more
        )


def people_of(cast: Cast) -> dict[str, Any]:
    """What the sandbox is seeded with: the cast's guides, one application, no customer yet."""
    app = settings.WECOM_APPS["main"]
    return {
        "corp_id": settings.WECOM_CORP_ID,
        "open_platform_bound": True,
        "service_account": {
            "app_id": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
        },
        "apps": [
            {
                "name": "导购",
                "agent_id": app["agent_id"],
                "secret": app["secret"],
                "callback_url": "",
                "callback_token": app["callback_token"],
                "callback_aes_key": app["callback_aes_key"],
            }
        ],
        "departments": [{"id": 1, "name": "总部", "parentid": 0}],
        "members": [
            {"userid": guide.wecom_userid, "name": guide.name, "department": [1]}
            for guide in (cast.lin, cast.zhou, cast.ma)
        ],
    }


def a_friend(
    world: World | None, member: Member, guide: Guide, external_userid: str, **fields: Any
) -> None:
    """A member who is the guide's friend, in the sandbox too."""
    a_contact(guide, external_userid=external_userid, member=member, **fields)
    if world is not None:
        world.control(
            "seed",
            {
                "corp_id": settings.WECOM_CORP_ID,
                "customers": [{"external_userid": external_userid, "name": member.name}],
                "friends": [{"userid": guide.wecom_userid, "external_userid": external_userid}],
            },
        )


def a_reachable_member(
    world: World | None, guide: Guide, name: str, *, tier: str = "basic"
) -> Member:
    """A member of the guide who permits 1:1 messages and is her friend."""
    member = a_member(name, owner=guide, store=guide.store, tier=tier)
    grant(member, Purpose.DIRECT_MARKETING)
    a_friend(world, member, guide, f"wm{member.pk:030d}")
    return member


def a_colleague(hq: Account) -> Account:
    """A second person at HQ."""
    return Account.objects.create_user(
        "hq2", PASSWORD, name="总部小吴", is_staff=True, is_superuser=True
    )


def a_material(hq: Account, texts: dict[str, str] | None = None, **fields: Any) -> Material:
    """An approved material with a variant per tier given."""
    colleague = Account.objects.filter(username="hq2").first() or a_colleague(hq)
    fields.setdefault("title", "冬季新品")
    fields.setdefault("kind", MaterialKind.TEXT)
    material = Material.objects.create(
        state=MaterialState.APPROVED,
        created_by=hq,
        approved_by=colleague,
        approved_at=timezone.now(),
        **fields,
    )
    for tier, text in (texts or {"": "冬季新品到店，欢迎来试。"}).items():
        Variant.objects.create(material=material, tier=tier, text=text)
    return material


def everybody() -> Audience:
    """The audience without a condition."""
    return Audience.objects.get_or_create(name="全部会员", defaults={"rule": {}})[0]


def a_push(hq: Account, material: Material, **fields: Any) -> Push:
    """A drafted push to everybody."""
    if fields.get("chat_type") != "group":
        fields.setdefault("audience", everybody())
    fields.setdefault("planned_for", timezone.now() - timedelta(minutes=1))
    return Push.objects.create(name="冬季新品群发", material=material, created_by=hq, **fields)


def run_house(*, rounds: int = 10) -> None:
    """Do the worker's part: react to news and carry the outbox, until nothing waits."""
    for _ in range(rounds):
        handled = run_handlers()
        due = OutboxRow.objects.filter(
            state=OutboxState.PLANNED, next_try_at__lte=timezone.now()
        ).values_list("pk", flat=True)
        carried = [deliver(key) for key in list(due)]
        if not handled and not any(carried):
            return


def an_event(kind: str, subject: str, **payload: Any) -> DomainEvent:
    """A domain event as the inbox would have made it, without handlers of its own."""
    return DomainEvent.objects.create(kind=kind, subject=subject, payload=payload, actor="test")
