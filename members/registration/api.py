"""The till's door to members' cards: a scanned code in, an opaque member and her coupons out."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.models import Member
from members.registration.tills import TooManyChecks, count_check, verify_card
from members.rewards.queries import coupons_to_use
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import MachineKey, Store


class CardRefused(APIException):
    """One answer for every reason, so that nobody learns which."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "card"
    default_detail = "这张会员码不能用。请会员刷新会员卡，再扫一次。"


class CardIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=80, help_text="扫到的内容，或会员报的 12 位数字")
    store = serializers.CharField(
        max_length=20, required=False, help_text="门店编号；密钥已限定门店时可不填"
    )
    request_id = serializers.CharField(
        max_length=64,
        required=False,
        help_text="这次核对的编号。没收到答复时用同一编号重问，答复不变",
    )
    till_number = serializers.CharField(
        max_length=64,
        required=False,
        help_text="收银系统里这位顾客的会员号；填了，以后这个号就认得是她",
    )


class CardCouponOut(serializers.Serializer[Any]):
    number = serializers.CharField(help_text="券号")
    name = serializers.CharField()
    amount = serializers.IntegerField(help_text="面额，单位为分")
    minimum_spend = serializers.IntegerField(help_text="最低消费，单位为分")
    expires_at = serializers.DateTimeField()


class CardOut(serializers.Serializer[Any]):
    card = serializers.CharField(help_text="卡号；报送订单时填在 member.card")
    member = serializers.CharField(help_text="会员的公开编号")
    tier = serializers.CharField()
    tier_name = serializers.CharField(help_text="等级名称")
    coupons = CardCouponOut(many=True, help_text="现在可用的券")


_EXAMPLE = OpenApiExample(
    "扫到的会员码",
    value={
        "code": "GH6C310Z8K2QABCDEFGHIJKLMNOPQRSTUVWX23",
        "store": "S001",
        "request_id": "till3-000123",
    },
    request_only=True,
)


class VerifyCardView(APIView):
    """Who stands at the till, by the code that her card shows now."""

    permission_classes = (HasScope,)
    scope = "cards:verify"

    @extend_schema(
        summary="核对会员码",
        description=(
            "会员卡上的码每 45 秒换一次，最多有效 90 秒，只能核对一次；不含个人信息。"
            "过期、伪造、用过、别家公司的会员，答复都一样（422）。"
            "每把密钥每分钟至多核对 240 次，其中没通过的至多 20 次，超出答复 429。"
        ),
        request=CardIn,
        responses={
            200: CardOut,
            422: OpenApiResponse(description="这张会员码不能用"),
            429: OpenApiResponse(description="核对得太频繁；Retry-After 说多久之后再试"),
        },
        examples=[_EXAMPLE],
        tags=["会员卡"],
    )
    def post(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        by = actor_of_machine(key)
        told = CardIn(data=request.data)
        told.is_valid(raise_exception=True)
        said = told.validated_data
        try:
            count_check(key.pk, by=by)
        except TooManyChecks as error:
            raise Throttled(error.seconds) from error
        store = _store_of(key, said.get("store", ""), by)
        member = verify_card(
            key.pk,
            code=said["code"],
            entity_id=store.entity_id if store else 0,
            request_id=said.get("request_id", ""),
            till_number=said.get("till_number", ""),
            by=by,
        )
        if member is None:
            raise CardRefused
        with scope_of(by):
            return Response(_answer(member))


def _store_of(key: MachineKey, code: str, by: Actor) -> Store | None:
    """The store where the card is shown: the key's own, or the one it names; never another's."""
    if key.store_id is None and not code:
        raise serializers.ValidationError({"store": ["请填门店编号。"]})
    with scope_of(by):
        if key.store_id is None:
            return Store.objects.filter(code=code).first()
        store = Store.objects.get(pk=key.store_id)
    return store if code in ("", store.code) else None


def _answer(member: Member) -> dict[str, Any]:
    return {
        "card": member.card_no,
        "member": shown_id(member.public_id),
        "tier": member.tier,
        "tier_name": member.get_tier_display(),
        "coupons": [
            {
                "number": coupon.number,
                "name": coupon.kind.name,
                "amount": coupon.kind.amount,
                "minimum_spend": coupon.kind.minimum_spend,
                "expires_at": coupon.expires_at.isoformat(),
            }
            for coupon in coupons_to_use(member, timezone.now())
        ],
    }
