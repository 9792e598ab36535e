"""Every address is tried as the wrong person. An address without a row here fails the test.

A row says who may: everybody, any guide, only the one whose thing it is, a machine with a scope, a
member with her card. Missing and forbidden answer alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from bot.escalations.models import Escalation
from bot.knowledge.models import Article
from bot.replies.models import Draft
from bot.understanding.models import HeardMessage
from groups.chats.models import Group
from groups.content.models import Variant
from groups.pushes.models import PushTask
from kit.fields import new_public_id, shown_id
from members.identity.models import MergeSuggestion, Suggestion
from members.lifecycle.models_of_today import TodayPick
from members.registration.models_of_codes import PrintBatch
from members.registration.models_of_tablet import Invitation
from stores.commission.models import Commission, CommissionPlan, Settlement
from stores.conversions.models import Credit, CreditRule
from stores.disputes.models import Dispute, DisputeParty
from stores.org.keys import digest_of, new_key
from stores.org.models import Account, Guide, HandOver, HandOverReason, MachineKey
from tests.cast import Cast, a_member
from tests.groups.builders import a_material, a_push
from tests.members.builders import a_channel_code, a_contact, a_notice
from tests.members.tags.builders import a_tag

Ids = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """Who may, by which method, and which thing stands in the address."""

    who: str  # everybody | guide | owner | manager | machine | member
    thing: str = ""
    method: str = "get"


EVERYBODY, GUIDE, MEMBER = Row("everybody"), Row("guide"), Row("member")
MATRIX: dict[str, Row] = {
    # the house
    "doors": EVERYBODY, "healthz": EVERYBODY, "readyz": EVERYBODY, "metrics": EVERYBODY,
    "schema": EVERYBODY, "api-docs": EVERYBODY, "look-accent": EVERYBODY,
    # signing in
    "tablet-sign-in": EVERYBODY, "tablet-wecom-begin": EVERYBODY, "tablet-wecom-back": EVERYBODY,
    "tablet-sign-out": Row("everybody", method="post"), "tablet-manifest": EVERYBODY,
    "sidebar-sign-in": EVERYBODY, "sidebar-sign-in-back": EVERYBODY,
    # the iPad
    "tablet-today": GUIDE, "tablet-badges": GUIDE, "tablet-settings": GUIDE,
    "tablet-thumb-side": Row("guide", method="post"),
    "tablet-code": GUIDE, "tablet-codes-make": Row("guide", method="post"),
    "tablet-code-of": Row("owner", "code"),
    "tablet-prints": GUIDE, "tablet-print": Row("owner", "print"),
    "tablet-print-file": Row("owner", "print"),
    "tablet-code-picture": Row("owner", "code_picture"),
    "tablet-begin": GUIDE, "tablet-begun-list": GUIDE, "tablet-begun": Row("owner", "invitation"),
    "tablet-begin-sync": Row("guide", method="post"), "tablet-worker": EVERYBODY,
    "tablet-members": GUIDE, "tablet-greet": GUIDE, "tablet-standing": GUIDE,
    "tablet-greet-outcome": Row("owner", "pick", "post"),
    "tablet-member": Row("owner", "member"), "tablet-member-timeline": Row("owner", "member"),
    "tablet-suggestion": Row("owner", "suggestion", "post"),
    "tablet-groups": GUIDE, "tablet-group": Row("owner", "group"),
    "tablet-materials": GUIDE, "tablet-material-picture": Row("guide", "variant"),
    "tablet-tasks": GUIDE, "tablet-task": Row("owner", "task"),
    "tablet-task-confirmed": Row("owner", "task", "post"),
    "tablet-figures": GUIDE, "tablet-figures-people": Row("guide", "people"),
    "tablet-credits": GUIDE, "tablet-receipt": Row("owner", "receipt"),
    "tablet-payslips": GUIDE, "tablet-payslip": Row("owner", "payslip"),
    "tablet-disputes": GUIDE, "tablet-dispute-begin": GUIDE,
    "tablet-dispute": Row("owner", "dispute"),
    "tablet-dispute-answer": Row("owner", "dispute", "post"),
    "tablet-dispute-withdraw": Row("owner", "dispute", "post"),
    "tablet-dispute-decide": Row("owner", "dispute", "post"),
    "tablet-drafts": GUIDE, "tablet-draft": Row("owner", "draft"),
    "tablet-draft-copied": Row("owner", "draft", "post"),
    "tablet-draft-dismiss": Row("owner", "draft", "post"),
    "tablet-draft-take-back": Row("owner", "draft", "post"),
    "tablet-escalations": GUIDE, "tablet-escalation": Row("owner", "escalation"),
    "tablet-escalation-take": Row("owner", "escalation", "post"),
    "tablet-escalation-answered": Row("owner", "escalation", "post"),
    "tablet-escalation-manager": Row("owner", "escalation", "post"),
    # the manager's iPad
    "tablet-roster": Row("manager"), "tablet-roster-plan": Row("manager", method="post"),
    "tablet-roster-copy": Row("manager", method="post"), "tablet-targets": Row("manager"),
    "tablet-handovers": Row("manager"), "tablet-handover-start": Row("manager", method="post"),
    "tablet-handover": Row("manager", "handover"),
    "tablet-handover-arrange": Row("manager", "handover", "post"),
    "tablet-handover-decide": Row("manager", "handover", "post"),
    "tablet-handover-stop": Row("manager", "handover", "post"),
    "tablet-handover-customers": Row("manager", "handover"),
    "tablet-handover-choose": Row("manager", "handover", "post"),
    "tablet-handover-settle": Row("manager", "handover", "post"),
    "tablet-handover-groups": Row("manager", "handover"),
    "tablet-handover-groups-settle": Row("manager", "handover", "post"),
    "tablet-member-tag": Row("owner", "member_tag", "post"),
    "tablet-member-phone": Row("owner", "member"), "privacy-lists": EVERYBODY,
    "tablet-pair": Row("owner", "pair"), "tablet-pair-again": Row("owner", "pair", "post"),
    "tablet-member-edit": Row("owner", "member"),
    "coupon-redeem": Row("machine", method="post"), "coupon-return": Row("machine", method="post"),
    "outside-balances": Row("machine", method="post"), "outside-changes": Row("machine"),
    # the side bar
    "sidebar-home": GUIDE, "sidebar-chat": GUIDE, "sidebar-signature": GUIDE,
    "sidebar-draft-sent": Row("owner", "draft", "post"),
    "sidebar-draft-dismiss": Row("owner", "draft", "post"),
    "sidebar-escalation-answered": Row("owner", "escalation", "post"),
    # a member's phone
    "member-roster": Row("everybody", "token"), "member-invited": Row("everybody", "token"),
    "member-roster-near": Row("everybody", "token", "post"),
    "member-roster-at": Row("everybody", "store_at"), "member-card-code": MEMBER,
    "member-join": Row("everybody", "token"), "member-agree": Row("everybody", "token", "post"),
    "member-decline": Row("everybody", "token", "post"), "notice": Row("everybody", "notice"),
    "member-back": EVERYBODY, "member-phone": EVERYBODY, "member-code": EVERYBODY,
    "member-code-again": Row("everybody", method="post"),
    "member-somebody-else": Row("everybody", method="post"),
    "member-home": MEMBER, "member-privacy": MEMBER, "member-copy": MEMBER,
    "member-decide": Row("member", method="post"), "member-rename": Row("member", method="post"),
    "member-leave": Row("member", method="post"),
    "member-refuse-all": Row("member", method="post"), "member-news": MEMBER,
    "member-birth-year": Row("member", method="post"), "member-prove": MEMBER,
    "member-restrict": Row("member", method="post"), "member-ask": MEMBER, "member-looks": MEMBER,
    "member-accounts": MEMBER,
    "member-change-phone": MEMBER, "member-new-phone": Row("member", method="post"),
    "member-old-phone": Row("member", method="post"),
    "member-prove-phone": Row("member", method="post"),
    "member-wait-phone": Row("member", method="post"),
    "member-stop-phone": Row("member", method="post"),
    "member-welcome": EVERYBODY, "member-choose-guide": Row("everybody", method="post"),
    "member-too-young": Row("everybody", "token"), "captcha-image": Row("everybody", "picture"),
    "text-replies": Row("machine", method="post"),
    "product-page": Row("everybody", "sku"),
    "tracked-link": Row("everybody", "link"), "tracked-link-back": Row("everybody", "link"),
    # machines
    "verify-card": Row("machine", method="post"),
    "purchases": Row("machine", method="post"), "receipt": Row("machine", "own_receipt"),
    "figures": Row("machine"), "figure-days": Row("machine"), "commissions": Row("machine"),
    "behaviour": Row("machine", method="post"),
}  # fmt: skip


def named_routes(resolver: URLResolver | None = None) -> set[str]:
    """Names of all addresses outside the admin."""
    found: set[str] = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                found |= named_routes(pattern)
        elif isinstance(pattern, URLPattern):
            found.add(pattern.name or str(pattern.pattern))
    return found


def test_every_address_has_a_row() -> None:
    assert named_routes() - set(MATRIX) == set()
    assert set(MATRIX) - named_routes() == set()


@pytest.fixture
def things(cast: Cast) -> dict[str, Ids]:
    """One thing of each kind, all Lin's."""
    lin, now = cast.lin, timezone.now()
    contact = a_contact(lin, external_userid="wmSomebody")
    suggestion = Suggestion.objects.create(contact=contact, member=cast.chen, guide=lin)
    group = Group.objects.create(
        chat_id="wrLin", name="暖冬会员群", owner=lin, store=lin.store, read_at=now
    )
    material = a_material(cast.hq)
    variant = Variant.objects.filter(material=material).first()
    assert variant is not None
    task = PushTask.objects.create(
        push=a_push(cast.hq, material),
        guide=lin,
        variant=variant,
        members=[cast.chen.pk],
        recipients=["wmSomebody"],
        size=1,
        due_at=now,
        expires_at=now + timedelta(hours=8),
    )
    article = Article.objects.create(question="几点关门", answer="22:00")
    heard = HeardMessage.objects.create(
        heard_on="archive", msgid="m1", group=group, sender="wmSomebody", store=lin.store,
        guide=lin, decision="draft", said_at=now,
    )  # fmt: skip
    draft = Draft.objects.create(
        heard=heard, group=group, guide=lin, store=lin.store, article=article, text="22:00",
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    escalation = Escalation.objects.create(
        heard=heard, group=group, store=lin.store, guide=lin, holder=lin, reason="money",
        deadline=now + timedelta(minutes=10),
    )  # fmt: skip
    _a_credit(lin, cast)
    code = a_channel_code(lin)
    return {
        "": {},
        "code": _id(code),
        "code_picture": {**_id(code), "kind": "svg"},
        "print": _id(
            PrintBatch.objects.create(made_by=lin.account, layout="a4_8", total=1, pdf=b"%PDF")
        ),
        "invitation": _id(
            Invitation.objects.create(
                guide=lin, store=lin.store, channel_code=code, expires_at=now, begun_at=now
            )
        ),
        "store_at": {"token": "A" * 22, "public_id": shown_id(lin.store.public_id)},
        "member": _id(cast.chen),
        "member_tag": _id(cast.chen) | {"tag_id": shown_id(a_tag("羊绒").public_id)},
        "suggestion": _id(suggestion),
        "pair": _id(
            MergeSuggestion.objects.create(
                first=cast.chen, second=a_member("陈静", owner=lin, store=lin.store)
            )
        ),
        "pick": _id(
            TodayPick.objects.create(
                guide=lin, member=cast.chen, on=timezone.localdate(), rank=1, reasons=[]
            )
        ),
        "group": _id(group),
        "variant": _id(variant),
        "task": _id(task),
        "draft": _id(draft),
        "escalation": _id(escalation),
        "handover": _id(
            HandOver.objects.create(guide=lin, store=lin.store, reason=HandOverReason.LEFT)
        ),
        "receipt": {"source": "till", "receipt_no": "R1"},
        "own_receipt": {"receipt_no": "R1"},
        "payslip": _a_payslip(lin),
        "dispute": _a_dispute(lin),
        "people": {"kind": "scan"},
        "token": {"token": "A" * 22},
        "picture": {"key": "none"},
        "notice": _id(a_notice(cast.entity)),
        "sku": {"sku": "QC-1"},
        "link": {"code": "none"},
    }


def _id(thing: Any) -> Ids:
    return {"public_id": shown_id(thing.public_id)}


def _a_credit(lin: Guide, cast: Cast) -> None:
    now = timezone.now()
    rule = CreditRule.objects.create(
        name="专属导购", terms={"ladder": [{"kind": "owner"}]}, effective_from=now
    )
    Credit.objects.create(
        purchase_line=1, source="till", receipt_no="R1", line=1, member_no=cast.chen.pk,
        guide_no=lin.pk, store_no=lin.store_id, amount=100, sold_at=now, rule=rule, reason="owner",
        sku="QC-1", quantity=1, line_amount=100, kept=100,
    )  # fmt: skip


def _a_dispute(lin: Guide) -> Ids:
    now = timezone.now()
    made = Dispute.objects.create(
        source="till", receipt_no="R2", sold_at=now, store=lin.store, claimant=lin,
        reason="served", text="我接待的", due_at=now,
    )  # fmt: skip
    DisputeParty.objects.create(dispute=made, guide=lin, store_no=lin.store_id, is_claimant=True)
    return _id(made)


def _a_payslip(lin: Guide) -> Ids:
    plan = CommissionPlan.objects.create(
        name="一成", terms={"rungs": [{"from": 0, "per_mille": 100}]}, effective_from="2026-10-01"
    )
    settled = Settlement.objects.create(
        entity=lin.store.entity, month=date(2026, 10, 1), plan=plan, settled_by="test"
    )
    Commission.objects.create(
        settlement=settled, guide_no=lin.pk, store_no=lin.store_id, sales=100, adjustments=0,
        brought=0, base=100, amount=10, carried=0,
    )  # fmt: skip
    return {"year": 2026, "month": 10}


def ask(client: Client, name: str, ids: Ids, method: str, **headers: str) -> int:
    answer = getattr(client, method)(reverse(name, kwargs=ids or None), headers=headers)
    status: int = answer.status_code
    if status == 302 and "/sign-in/" in answer.headers["Location"]:
        return 401
    return status


def signed_in(guide: Guide) -> Client:
    client = Client()
    client.force_login(guide.account, backend="django.contrib.auth.backends.ModelBackend")
    return client


ROWS = sorted(MATRIX)
OF_GUIDES = [name for name in ROWS if MATRIX[name].who in {"guide", "owner"}]
OF_MANAGERS = [name for name in ROWS if MATRIX[name].who == "manager"]
OWNED = [name for name in ROWS if MATRIX[name].who == "owner"]
OF_MACHINES = [name for name in ROWS if MATRIX[name].who == "machine"]
OF_MEMBERS = [name for name in ROWS if MATRIX[name].who == "member"]


def wrong(
    names: list[str], things: dict[str, Ids], client: Client, wanted: set[int], **headers: str
) -> list[str]:
    """The addresses that answer this client otherwise than wanted."""
    found = []
    for name in names:
        row = MATRIX[name]
        status = ask(client, name, things[row.thing], row.method, **headers)
        if status not in wanted:
            found.append(f"{name}: {status}")
    return found


def test_strangers_are_sent_to_sign_in(things: dict[str, Ids]) -> None:
    assert wrong(OF_GUIDES, things, Client(), {401}) == []


def test_head_office_is_no_guide(things: dict[str, Ids], cast: Cast) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    assert wrong(OF_GUIDES, things, client, {401, 403, 404}) == []


def test_what_is_lins_does_not_exist_for_others(things: dict[str, Ids], cast: Cast) -> None:
    for other in (cast.zhou, cast.ma):
        assert wrong(OWNED, things, signed_in(other), {404}) == [], other.name


def test_what_managers_decide_does_not_exist_for_guides(things: dict[str, Ids], cast: Cast) -> None:
    assert wrong(OF_MANAGERS, things, Client(), {401}) == []
    for guide in (cast.lin, cast.zhou, cast.ma):
        assert wrong(OF_MANAGERS, things, signed_in(guide), {404}) == [], guide.name


def test_a_manager_of_another_store_finds_nothing(things: dict[str, Ids], cast: Cast) -> None:
    Guide.objects.filter(pk=cast.manager.pk).update(store=cast.wangjing)
    of_a_store = [name for name in OF_MANAGERS if MATRIX[name].thing]
    assert wrong(of_a_store, things, signed_in(cast.manager), {404}) == []


@pytest.mark.parametrize("name", OF_MANAGERS)
def test_the_manager_may(name: str, things: dict[str, Ids], cast: Cast) -> None:
    row = MATRIX[name]
    status = ask(signed_in(cast.manager), name, things[row.thing], row.method)
    assert status not in {401, 403}
    assert status < 500
    # An empty form names nobody; the pages themselves are there.
    assert status != 404 or row.method == "post"


def test_missing_answers_like_forbidden(things: dict[str, Ids], cast: Cast) -> None:
    missing = {
        kind: ids | {"public_id": shown_id(new_public_id())} if "public_id" in ids else ids
        for kind, ids in things.items()
    }
    missing["receipt"] = {"source": "till", "receipt_no": "never"}
    missing["payslip"] = {"year": 2001, "month": 1}
    assert wrong(OWNED, missing, signed_in(cast.zhou), {404}) == []


@pytest.mark.parametrize("name", OF_GUIDES)
def test_lin_herself_may(name: str, things: dict[str, Ids], cast: Cast) -> None:
    row = MATRIX[name]
    status = ask(signed_in(cast.lin), name, things[row.thing], row.method)
    # An empty form may be refused; what counts is that the thing exists for her.
    assert status not in {401, 403}
    assert status < 500
    assert row.who == "guide" or status != 404


def test_a_guide_who_left_may_nothing(things: dict[str, Ids], cast: Cast) -> None:
    client = signed_in(cast.lin)
    Guide.objects.filter(pk=cast.lin.pk).update(left_on=timezone.localdate())
    assert wrong(OF_GUIDES, things, client, {401, 403, 404}) == []


def test_machines_need_a_key_with_the_scope(things: dict[str, Ids]) -> None:
    key = new_key()
    bearer = f"Bearer {key}"
    assert wrong(OF_MACHINES, things, Client(), {401}) == []
    assert wrong(OF_MACHINES, things, Client(), {401}, authorization="Bearer wrong") == []
    MachineKey.objects.create(
        name="别的", source="other", digest=digest_of(key), scopes=["nothing"]
    )
    assert wrong(OF_MACHINES, things, Client(), {403}, authorization=bearer) == []
    MachineKey.objects.update(is_active=False, scopes=["purchases:write", "figures:read"])
    assert wrong(OF_MACHINES, things, Client(), {401}, authorization=bearer) == []


def test_without_a_card_there_is_nothing_to_see(things: dict[str, Ids], cast: Cast) -> None:
    for client in (Client(), signed_in(cast.lin)):
        for name in OF_MEMBERS:
            answer = getattr(client, MATRIX[name].method)(reverse(name))
            assert answer.status_code in {302, 401, 403, 404}, name
            assert "陈静" not in answer.content.decode()


def test_open_doors_do_not_break(things: dict[str, Ids]) -> None:
    open_to_all = [name for name in ROWS if MATRIX[name].who == "everybody"]
    assert wrong(open_to_all, things, Client(), set(range(200, 500)) | {503}) == []


def admin_pages() -> list[str]:
    """The list and the add page of everything registered."""
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
        for model in admin.site._registry
        for page in ("changelist", "add")
    ]


def test_the_admin_is_closed_to_strangers_and_guides(cast: Cast) -> None:
    for client in (Client(), signed_in(cast.lin), signed_in(cast.manager)):
        for address in admin_pages():
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert "/admin/login/" in answer.headers["Location"]


def test_the_admin_opens_for_head_office(cast: Cast, things: dict[str, Ids]) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    broken = [
        f"{address}: {status}"
        for address in admin_pages()
        if (status := client.get(address).status_code) not in {200, 403}
    ]
    assert broken == []


def test_head_office_of_one_region_meets_its_own_members_only(
    cast: Cast, things: dict[str, Ids]
) -> None:
    clerk = Account.objects.create_user(
        "west", "long-enough-for-the-west", name="西区小李", is_staff=True
    )
    clerk.user_permissions.add(*_all_view_permissions())
    clerk.regions.add(cast.west)
    client = Client()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("admin:members_member_changelist")
    assert cast.chen.card_no not in client.get(address).content.decode()
    change = reverse("admin:members_member_change", args=[cast.chen.pk])
    assert client.get(change).status_code in {302, 404}
    clerk.regions.set([cast.east])
    assert cast.chen.card_no in client.get(address).content.decode()


def _all_view_permissions() -> Any:
    return Permission.objects.filter(codename__startswith="view_")
