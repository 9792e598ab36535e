"""The tills' door for coupons, and the outside master's door for balances."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kit.actions import scope_of
from kit.fields import shown_id
from members.rewards.errors import (
    CouponExpired,
    CouponUsed,
    NoSuchCoupon,
    RewardsError,
    SpendTooLittle,
)
from members.rewards.models_of_outside import OutsideMaster
from members.rewards.outside import (
    Outcome,
    Told,
    Unreadable,
    hand_out_changes,
    read_line,
    take_balances,
)
from members.rewards.redeeming import redeem_coupon, return_coupons
from stores.ledger.api import MOST_BYTES, MOST_RECEIPTS, AnswerLines, ReceiptLines, TooMuch
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import MachineKey, Store

_NDJSON = "application/x-ndjson"
_CHUNK = 200
_MOST_CHANGES = 1000
_STATUS: dict[type[RewardsError], tuple[int, str]] = {
    NoSuchCoupon: (404, "no_such_coupon"),
    CouponUsed: (409, "used"),
    CouponExpired: (422, "expired"),
    SpendTooLittle: (422, "minimum"),
}


class RedeemIn(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=16, help_text="券号")
    receipt_no = serializers.CharField(max_length=80, help_text="小票号，同一来源内唯一")
    store = serializers.CharField(max_length=20, help_text="门店编号")
    amount = serializers.IntegerField(
        required=False, min_value=0, help_text="小票金额，单位为分；用来核对最低消费"
    )


class RedeemOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    receipt_no = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["redeemed", "known"])
    name = serializers.CharField()
    amount = serializers.IntegerField(help_text="面额，单位为分；礼品为 0")
    use = serializers.CharField()


class ReturnIn(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=16, help_text="券号")
    receipt_no = serializers.CharField(max_length=80, help_text="当时的小票号")


class ReturnOut(serializers.Serializer[Any]):
    returned = serializers.IntegerField(help_text="退回的张数；已退回过为 0")


class RedeemView(APIView):
    """A coupon with a receipt; the same receipt again gets the same answer."""

    permission_classes = (HasScope,)
    scope = "coupons:redeem"

    @extend_schema(
        summary="核销优惠券",
        description=(
            "一张券只核销一次。同一来源、同一小票号重报答复 known（200），不会再次核销；"
            "已被别的小票用掉答复 409，没有这张券或不属于这家公司答复 404。"
        ),
        request=RedeemIn,
        responses={
            201: RedeemOut,
            200: RedeemOut,
            404: OpenApiResponse(description="没有这张券"),
            409: OpenApiResponse(description="已被另一张小票使用"),
            422: OpenApiResponse(description="已过期，或没有达到最低消费"),
        },
        tags=["优惠券"],
    )
    def post(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        told = RedeemIn(data=request.data)
        told.is_valid(raise_exception=True)
        store = _store_of(key, told.validated_data["store"])
        try:
            done = redeem_coupon(
                told.validated_data["number"],
                source=key.source,
                receipt_no=told.validated_data["receipt_no"],
                store=store,
                spent_minor=told.validated_data.get("amount"),
                by=actor_of_machine(key),
            )
        except RewardsError as fault:
            return _problem(fault)
        kind = done.use.coupon.kind
        return Response(
            {
                "number": done.use.coupon.number,
                "receipt_no": done.use.receipt_no,
                "outcome": "redeemed" if done.is_new else "known",
                "name": kind.name,
                "amount": kind.amount,
                "use": shown_id(done.use.public_id),
            },
            201 if done.is_new else 200,
        )


class ReturnView(APIView):
    """A receipt was cancelled at the till: its coupon comes back."""

    permission_classes = (HasScope,)
    scope = "coupons:redeem"

    @extend_schema(
        summary="退回优惠券",
        description="小票作废时退回它用掉的券；整单退货上报后会自动退回，不必再调用。",
        request=ReturnIn,
        responses={200: ReturnOut},
        tags=["优惠券"],
    )
    def post(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        told = ReturnIn(data=request.data)
        told.is_valid(raise_exception=True)
        returned = return_coupons(
            key.source,
            told.validated_data["receipt_no"],
            number=told.validated_data["number"],
            by=actor_of_machine(key),
        )
        return Response({"returned": returned})


class BalanceIn(serializers.Serializer[Any]):
    card = serializers.CharField(required=False, help_text="会员卡号")
    phone = serializers.CharField(required=False, help_text="手机号")
    their_no = serializers.CharField(required=False, help_text="外部系统的会员号")
    sequence = serializers.IntegerField(min_value=1, help_text="该会员递增的序号")
    points = serializers.IntegerField(required=False, min_value=0, help_text="当前积分余额")
    tier = serializers.ChoiceField(
        required=False, choices=["basic", "silver", "gold", "diamond"], help_text="当前等级"
    )


class BalanceOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=[str(kind) for kind in Outcome])
    text = serializers.CharField(required=False)


class BalancesView(APIView):
    """Balances and tiers as the outside master holds them, one member a line."""

    permission_classes = (HasScope,)
    parser_classes = (JSONParser, ReceiptLines)
    renderer_classes = (JSONRenderer, AnswerLines)
    scope = "balances:write"

    @extend_schema(
        summary="外部系统上报积分与等级",
        description=(
            "application/x-ndjson，每行一位会员，至多 10 000 行。按会员的 sequence 递增："
            "更大的生效（applied），相同且内容相同为 known，更小为 stale，都可以放心重报。"
        ),
        request={_NDJSON: BalanceIn},
        responses={200: BalanceOut(many=True)},
        tags=["外部系统"],
    )
    def post(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooMuch
        master = _master_of(key)
        lines = _raw_lines(request.data)
        answers: list[dict[str, Any]] = []
        while chunk := list(islice(lines, _CHUNK)):
            answers += _take_chunk(master, chunk, key, first=len(answers) + 1)
            if len(answers) > MOST_RECEIPTS:
                raise TooMuch
        request.accepted_renderer = AnswerLines()
        return Response(answers)


class ChangesView(APIView):
    """What our side earned for members, for the outside master to count."""

    permission_classes = (HasScope,)
    scope = "balances:read"

    @extend_schema(
        summary="取走我方产生的积分",
        description="从游标 after 之后按顺序取，至多 1 000 条；重复取同一游标答复相同。",
        responses={200: OpenApiResponse(description="changes 与下一个 cursor")},
        tags=["外部系统"],
    )
    def get(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        master = _master_of(key)
        after, limit = _number(request, "after", 0), _number(request, "limit", _MOST_CHANGES)
        page = hand_out_changes(
            master.pk,
            after=after,
            limit=max(1, min(limit, _MOST_CHANGES)),
            key=key,
            by=actor_of_machine(key),
        )
        changes = [
            {
                "id": row.pk,
                "card": row.member.card_no,
                "points": row.points,
                "source": row.source,
                "at": row.at.isoformat(),
                "once": shown_id(row.public_id),
            }
            for row in page.rows
        ]
        return Response({"changes": changes, "cursor": page.cursor})


def _take_chunk(
    master: OutsideMaster, chunk: list[object], key: MachineKey, *, first: int
) -> list[dict[str, Any]]:
    """One transaction for each chunk: what is answered is durable."""
    readable: list[tuple[int, Told]] = []
    answers: dict[int, dict[str, Any]] = {}
    for i, raw in enumerate(chunk):
        try:
            readable.append((i, read_line(raw)))
        except Unreadable as fault:
            answers[i] = {"outcome": Outcome.REFUSED.value, "text": str(fault)}
    told = [line for _, line in readable]
    outcomes = take_balances(master.pk, told, by=actor_of_machine(key))
    for (i, _), outcome in zip(readable, outcomes, strict=True):
        answers[i] = {"outcome": outcome.value}
    return [{"line": first + i, **answers[i]} for i in range(len(chunk))]


def _raw_lines(told: Iterable[Any]) -> Iterator[object]:
    """The lines of NDJSON read one by one, or the members of a list as they are."""
    for line in told:
        try:
            yield json.loads(line) if isinstance(line, bytes) else line
        except ValueError:
            yield None


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else otherwise


def _master_of(key: MachineKey) -> OutsideMaster:
    """The entity for which this key's system decides; a key of no master finds nothing."""
    with scope_of(actor_of_machine(key)):
        master = OutsideMaster.objects.filter(source=key.source).first()
    if master is None:
        raise Http404
    return master


def _store_of(key: MachineKey, code: str) -> Store:
    """The store of the code; a key of one store speaks for that store alone."""
    store = Store.objects.filter(code=code).first()
    if store is None or key.store_id not in {None, store.pk}:
        raise serializers.ValidationError({"store": ["没有这个门店编号，或密钥不属于这家门店。"]})
    return store


def _problem(fault: RewardsError) -> Response:
    status, code = _STATUS[type(fault)]
    return Response(
        {"type": f"/api/problems/{code}", "title": str(fault), "detail": str(fault)},
        status,
        content_type="application/problem+json",
    )
