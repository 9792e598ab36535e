"""What a member's move to another company does to the rows that lead to her. Steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from kit.actions import must_be_in_action
from members.identity.models import Contact, Identity, IdentityKind
from members.identity.queries import digest_of
from members.identity.steps import contest_identity
from stores.org.models import LegalEntity

# What one identifier behind two records says. Tills of two companies number people by themselves:
# the same number there says nothing.
_EVIDENCE = {
    IdentityKind.PHONE: "phone_proven",
    IdentityKind.UNIONID: "unionid",
    IdentityKind.OPENID: "unionid",
    IdentityKind.EXTERNAL_USERID: "unionid",
}


def rebind_identities(member_ids: Collection[int], target: LegalEntity) -> int:
    """Identifiers are found by the receiver's digests from now on. A step.

    One that leads to a member of the receiver stays hers; that both share it is told. Answers how
    many till numbers the receiver's own tills use for somebody else: those lead nowhere any more.
    """
    must_be_in_action()
    rows = list(
        Identity.objects.select_related("member").filter(member__in=member_ids).order_by("pk")
    )
    digests = {row.pk: digest_of(row.kind, str(row.value), target) for row in rows}
    taken = {
        (one.kind, bytes(one.digest)): one
        for one in Identity.objects.select_related("member").filter(
            entity=target, digest__in=digests.values()
        )
    }
    moving, clashes = [], 0
    for row in rows:
        other = taken.get((row.kind, digests[row.pk]))
        if other is None:
            row.entity, row.digest = target, digests[row.pk]
            moving.append(row)
            continue
        row.delete()
        if row.kind == IdentityKind.TILL:
            clashes += 1
        else:
            contest_identity(row.member, other.member, _said_by(row, other))
    Identity.objects.bulk_update(moving, ["entity", "digest"])
    return clashes


def _said_by(one: Identity, other: Identity) -> str:
    if one.verified_at is None or other.verified_at is None:
        return "phone_typed"
    return _EVIDENCE[IdentityKind(one.kind)]


def unite_contacts(gone: Contact, kept: Contact) -> None:
    """Two companies knew one person; now one does. A step.

    Whatever points at the one points at the other, unless it says the same already.
    """
    must_be_in_action()
    for relation in Contact._meta.related_objects:
        model: Any = relation.related_model
        name = relation.field.name
        keys = list(model._base_manager.filter(**{name: gone.pk}).values_list("pk", flat=True))
        _repoint(model, name, keys, kept.pk)
    if kept.member is None and gone.member is not None:
        kept.member, kept.joined_by = gone.member, gone.joined_by
        kept.save(update_fields=["member", "joined_by"])
    elif kept.member is not None and gone.member is not None:
        contest_identity(gone.member, kept.member, _EVIDENCE[IdentityKind.EXTERNAL_USERID])
    gone.delete()


def _repoint(model: Any, name: str, keys: Sequence[int], to: int) -> None:
    for key in keys:
        try:
            with transaction.atomic():
                model._base_manager.filter(pk=key).update(**{name: to})
        except IntegrityError:
            model._base_manager.filter(pk=key).delete()
