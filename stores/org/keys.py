"""Keys of tills and other machines: how one is made, and how a request shows it."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from stores.org.models import MachineKey

if TYPE_CHECKING:
    # DRF's views read the settings that name this module.
    from rest_framework.views import APIView

# What a key may be allowed; an API view names the one it asks for as `scope`.
SCOPES = [
    ("purchases:write", "报送订单和退货"),
    ("purchases:read", "查询自己报送的订单"),
    ("figures:read", "读取业绩"),
    ("commission:read", "读取已结算的提成"),
    ("texts:write", "转交会员的短信回复"),
    ("cards:verify", "核对会员码"),
    ("coupons:redeem", "核销和退回优惠券"),
    ("balances:write", "外部系统上报积分与等级"),
    ("balances:read", "外部系统取走我方产生的积分"),
    ("behaviour:write", "报送会员行为"),
]


def new_key() -> str:
    """256 random bits; shown once, kept only as a digest."""
    return "gh_" + secrets.token_urlsafe(32)


def digest_of(key: str) -> str:
    """What is kept of a key. It is random and long, so a plain digest cannot be reversed."""
    return sha256(key.encode()).hexdigest()


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer gh_…`; the key becomes `request.user`."""

    def authenticate(self, request: Request) -> tuple[MachineKey, str] | None:
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return None
        found = MachineKey.objects.filter(digest=digest_of(key.strip()), is_active=True).first()
        if found is None:
            raise AuthenticationFailed("密钥无效或已停用，请在总部后台核对。")
        return found, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """The key carries the scope that the view names as `scope`."""

    message = "这把密钥没有这项权限，请在总部后台为它开通。"

    def has_permission(self, request: Request, view: APIView) -> bool:
        key: object = request.user
        return isinstance(key, MachineKey) and getattr(view, "scope", None) in key.scopes
