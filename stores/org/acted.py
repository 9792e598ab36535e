"""Who acted, for readers: rows keep an actor as a key that says nothing to them."""

from __future__ import annotations

from kit.actor import ActorKind
from kit.fields import read_id
from stores.org.models import Account


def named(actor: str) -> str:
    """An actor by name; one query. What no person did, the product did by itself."""
    kind, _, key = actor.partition(":")
    if kind == ActorKind.MEMBER:
        return "会员本人"
    if kind != ActorKind.ACCOUNT:
        return "系统"
    try:
        return Account.objects.get(public_id=read_id(key)).name
    except (ValueError, Account.DoesNotExist):
        return "已删除的账号"
