"""Tells the sandbox about the demo's corp: applications, members, friends, groups.

Reads our tables and sends them over the sandbox's control API, then lets the groups room read the
groups back through the real gateway, as it would on any night. Repeating it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings
from django.db.models import QuerySet

from config.demo import names
from kit.actions import scope_of
from kit.actor import Actor
from members.identity.models import Friendship, Identity, IdentityKind
from members.registration.addresses import address_of_code, address_of_roster
from members.registration.models import ChannelCode
from members.registration.models_of_codes import RosterCode
from stores.org.models import Guide, Store
from wecom.directory.sweeping import sweep_through

KF_ACCOUNT = "wkDemoService000000000000000000001"
_SYSTEM = Actor.system("demo")
_EVENTS = {
    "main": ["contact", "chat", "directory", "tag", "acquisition", "zone"],
    "service": ["kf", "msgaudit"],
}


def seed(say: Callable[[str], None]) -> None:
    """Fill the sandbox, then read the groups back."""
    with scope_of(_SYSTEM):
        world: dict[str, Any] = {
            "corp_id": settings.WECOM_CORP_ID,
            "corp_name": names.OWN_COMPANY[0],
            "open_platform_bound": True,
            "service_account": {
                "app_id": settings.WECHAT_APP_ID,
                "secret": settings.WECHAT_APP_SECRET,
                "name": "晴川会员",
            },
            "apps": _apps(),
            "departments": _departments(),
            "members": _members(),
            "kf_accounts": [
                {"open_kfid": KF_ACCOUNT, "name": "晴川客服", "servicers": ["linxiao"]}
            ],
            "codes": _codes(),
            "tag_groups": [
                {"group_name": name, "tags": [{"name": word} for word in words]}
                for name, words in names.CORP_TAGS
            ],
            **people_of_world(),
        }
    say(f"{len(world['customers'])} 位企微客户，{len(world['groups'])} 个客户群")
    answer = requests.post(
        f"{settings.SANDBOX_URL}/sandbox/control/api/seed", json=world, timeout=60
    )
    answer.raise_for_status()
    sweep_through("groups")
    sweep_through("tags")


def _codes() -> list[dict[str, str]]:
    """Lin's channel codes and the shared ones, as if the phone's camera had met them lately."""
    own = (
        ChannelCode.objects.filter(guide__wecom_userid="linxiao", is_active=True, roster=None)
        .select_related("guide")
        .order_by("pk")
    )
    shared = RosterCode.objects.filter(is_active=True).select_related("store", "region")
    return [
        *(
            {
                "title": f"{code.guide.name} · {code.get_scene_display()}",
                "url": address_of_code(code),
            }
            for code in own
        ),
        *(
            {
                "title": f"{code.get_kind_display()} · {code}",
                "url": address_of_roster(code),
            }
            for code in shared.order_by("pk")
        ),
    ]


def _apps() -> list[dict[str, Any]]:
    apps = []
    for name, app in settings.WECOM_APPS.items():
        tail = "" if name == "main" else f"{name}/"
        apps.append(
            {
                "name": name,
                "agent_id": app["agent_id"],
                "secret": app["secret"],
                "callback_url": f"{settings.PUBLIC_URL}/wecom/callback/{tail}",
                "callback_token": app["callback_token"],
                "callback_aes_key": app["callback_aes_key"],
                "sidebar_url": f"{settings.PUBLIC_URL}/sidebar/" if name == "main" else "",
                "home_url": f"{settings.PUBLIC_URL}/tablet/" if name == "main" else "",
                "events": _EVENTS.get(name, []),
            }
        )
    return apps


def _stores() -> QuerySet[Store]:
    """The demo's own: what `manage.py grow` added is there to be measured, not played with."""
    return Store.objects.exclude(code__startswith="X")


def _departments() -> list[dict[str, Any]]:
    return [
        {"id": 1, "name": names.OWN_COMPANY[0], "parentid": 0},
        *({"id": 10 + store.pk, "name": store.name, "parentid": 1} for store in _stores()),
    ]


def _members() -> list[dict[str, Any]]:
    return [
        {
            "userid": guide.wecom_userid,
            "name": guide.name,
            "department": [10 + guide.store_id],
            "position": guide.get_role_display(),
            # The chat archive is licensed for people, not for the corp.
            "archived": True,
        }
        for guide in Guide.objects.working().filter(store__in=_stores()).exclude(wecom_userid=None)
    ]


def people_of_world() -> dict[str, list[dict[str, Any]]]:
    """Customers, friendships and the three groups of each store."""
    friendships = list(
        Friendship.objects.filter(until=None, guide__store__in=_stores())
        .select_related("contact", "guide__store")
        .order_by("contact__external_userid")
    )
    # A member may have scanned with two phones: each contact goes back with her own unionid.
    unionids = {
        bytes(identity.digest): identity.value
        for identity in Identity.objects.filter(kind=IdentityKind.UNIONID)
    }
    customers = [
        {
            "external_userid": row.contact.external_userid,
            "name": row.contact.name,
            "unionid": unionids.get(bytes(row.contact.unionid_digest or b"")),
        }
        for row in friendships
    ]
    friends = [
        {
            "userid": row.guide.wecom_userid,
            "external_userid": row.contact.external_userid,
            "created_at": int(row.since.timestamp()),
            "state": row.state,
        }
        for row in friendships
    ]
    return {"customers": customers, "friends": friends, "groups": _groups(friendships)}


def _groups(friendships: list[Friendship]) -> list[dict[str, Any]]:
    """Every store has three groups, each owned by another guide of it."""
    groups = []
    for store in _stores():
        guides = list(store.guides.working().filter(role="guide").order_by("employee_no"))
        for number, name in enumerate(names.GROUPS):
            owner = guides[number % len(guides)]
            inside = [row for row in friendships if row.guide_id == owner.pk and row.contact_id % 3]
            groups.append(
                {
                    "chat_id": f"wrDemo{store.code}{number:022d}",
                    "name": f"{store.name}·{name}",
                    "owner": owner.wecom_userid,
                    "members": [
                        owner.wecom_userid,
                        *(
                            {
                                "external_userid": row.contact.external_userid,
                                "joined_at": int(row.since.timestamp()) + 360,
                                "join_scene": 3,
                            }
                            for row in inside
                        ),
                    ],
                }
            )
    return groups
