"""Changes to the library: a material is approved by a second person, edited again, retired."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from groups.content import errors
from groups.content.models import Material, MaterialKind, MaterialState, Variant
from groups.content.rules import text_fault
from kit.actions import action
from kit.actor import Actor
from kit.fields import read_id
from stores.org.models import Account


@action
def approve_material(material_id: int, *, by: Actor) -> Material:
    """Approve for pushes and guides. An approved one is returned unchanged.

    Refuses who wrote it, and a material whose variants cannot be sent.
    """
    material = Material.objects.select_for_update().get(pk=material_id)
    if material.state == MaterialState.APPROVED:
        return material
    approver = Account.objects.get(public_id=read_id(by.key))
    if approver.pk == material.created_by_id:
        raise errors.SameHand
    fault = fault_of(material)
    if fault:
        raise errors.Unready(fault)
    material.state = MaterialState.APPROVED
    material.approved_by, material.approved_at = approver, timezone.now()
    material.save(update_fields=["state", "approved_by", "approved_at"])
    return material


@action
def reopen_material(material_id: int, *, by: Actor) -> Material:
    """Who edits an approved material makes it a draft of her own: another person approves it."""
    material = Material.objects.select_for_update().get(pk=material_id)
    editor = Account.objects.get(public_id=read_id(by.key))
    material.state = MaterialState.DRAFT
    material.created_by = editor
    material.approved_by = material.approved_at = None
    material.save(update_fields=["state", "created_by", "approved_by", "approved_at"])
    return material


@action
def retire_material(material_id: int, *, at: datetime, by: Actor) -> Material:
    """Take a material out of use; pushes launched before keep what they said."""
    material = Material.objects.select_for_update().get(pk=material_id)
    material.state, material.valid_until = MaterialState.EXPIRED, at
    material.save(update_fields=["state", "valid_until"])
    return material


def fault_of(material: Material) -> str:
    """Why a material cannot be approved yet, or nothing."""
    variants = list(Variant.objects.filter(material=material))
    if not variants:
        return "还没有文案，请至少写一条“通用”文案。"
    if not any(variant.tier == "" for variant in variants):
        return "还缺一条“通用”文案，否则没有专属文案的会员收不到。"
    for variant in variants:
        fault = text_fault(variant.text)
        if fault:
            return f"“{variant.tier_word}”：{fault}"
        if material.kind == MaterialKind.IMAGE and not variant.picture:
            return f"“{variant.tier_word}”：图片素材要上传图片。"
    return ""
