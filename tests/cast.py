"""The named cast: guides Lin and Zhou of one store, Ma of another entity's, member Chen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.utils import timezone

from kit.fields import blind_index, shown_id
from members.identity.models import Identity, IdentityKind, Member, MemberState
from stores.ledger.models import Ownership
from stores.org.models import (
    Account,
    Guide,
    LegalEntity,
    OpeningHours,
    Region,
    Role,
    Store,
)

PASSWORD = "clear-sky-over-the-harbour"


@dataclass(frozen=True)
class Cast:
    """Everybody a permission test needs, by name."""

    entity: LegalEntity
    franchise: LegalEntity
    east: Region
    west: Region
    guomao: Store
    wangjing: Store
    lin: Guide
    zhou: Guide
    ma: Guide
    manager: Guide
    area_manager: Guide
    hq: Account
    chen: Member


def a_guide(
    name: str, store: Store, *, employee_no: str, role: str = Role.GUIDE, **fields: Any
) -> Guide:
    """A working guide with an account; signs in with her employee number and PASSWORD."""
    account = Account.objects.create_user(employee_no, PASSWORD, name=name)
    fields.setdefault("wecom_userid", f"guide-{employee_no}".lower())
    return Guide.objects.create(
        account=account,
        store=store,
        role=role,
        employee_no=employee_no,
        name=name,
        joined_on=date(2024, 3, 1),
        **fields,
    )


def a_member(
    name: str, *, owner: Guide | None, store: Store, phone: str = "", **fields: Any
) -> Member:
    """An active member, owned by a guide in the ledger too; `phone` as +86… gets an identity."""
    fields.setdefault("card_no", f"{Member.objects.count() + 1:010d}")
    fields.setdefault("state", MemberState.ACTIVE)
    member = Member.objects.create(
        entity=store.entity, name=name, phone=phone or None, home_store=store, owner=owner, **fields
    )
    if owner is not None:
        Ownership.objects.create(
            member_no=member.pk,
            guide_no=owner.pk,
            store_no=store.pk,
            since=member.joined_at,
            reason="registration",
            actor="test",
        )
    if phone:
        an_identity(member, IdentityKind.PHONE, phone)
    return member


def an_identity(member: Member, kind: IdentityKind, value: str) -> Identity:
    """One more identifier that leads to the member."""
    return Identity.objects.create(
        entity=member.entity,
        member=member,
        kind=kind,
        value=value,
        digest=blind_index(kind, value, within=shown_id(member.entity.public_id)),
        verified_at=timezone.now(),
    )


def a_store(name: str, *, code: str, region: Region, entity: LegalEntity) -> Store:
    """A store open from 10:00 to 22:00 every day."""
    store = Store.objects.create(
        name=name, code=code, region=region, entity=entity, address=f"{name}路 1 号"
    )
    OpeningHours.objects.create(
        store=store, since=date(2024, 1, 1), opens_at=time(10), closes_at=time(22)
    )
    return store


def make_cast() -> Cast:
    """Two regions, two stores of two legal entities, and the people."""
    entity = LegalEntity.objects.create(name="晴川服饰有限公司", contact="privacy@example.com")
    franchise = LegalEntity.objects.create(name="望山商贸有限公司", contact="dpo@example.com")
    east, west = Region.objects.create(name="东区"), Region.objects.create(name="西区")
    guomao = a_store("国贸店", code="S001", region=east, entity=entity)
    wangjing = a_store("望京店", code="S002", region=west, entity=franchise)
    lin = a_guide("林晓", guomao, employee_no="G001", wecom_userid="linxiao")
    hq = Account.objects.create_superuser("hq", PASSWORD, name="总部小何")
    return Cast(
        entity=entity,
        franchise=franchise,
        east=east,
        west=west,
        guomao=guomao,
        wangjing=wangjing,
        lin=lin,
        zhou=a_guide("周宁", guomao, employee_no="G002", wecom_userid="zhouning"),
        ma=a_guide("马驰", wangjing, employee_no="G003", wecom_userid="machi"),
        manager=a_guide("店长何", guomao, employee_no="M001", role=Role.STORE_MANAGER),
        area_manager=a_guide("督导许", guomao, employee_no="A001", role=Role.AREA_MANAGER),
        hq=hq,
        chen=a_member("陈静", owner=lin, store=guomao, phone="+8613800000001"),
    )
