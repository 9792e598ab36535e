"""The tills' door: purchases in, and a machine's own receipts back out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kit.actions import scope_of
from stores.ledger.intake import CLASH, REFUSED, TITLES, Answer, Intake
from stores.ledger.models import PurchaseLine
from stores.ledger.queries import receipt_lines
from stores.ledger.rules import CLAIM_KINDS, MAX_LINES, Fault, writable
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import MachineKey

MOST_RECEIPTS = 10_000
MOST_BYTES = 16 * 1024 * 1024
_NDJSON = "application/x-ndjson"


class TooMuch(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_much"
    default_detail = (
        f"一次最多 {MOST_RECEIPTS} 张小票、16 MB；这一次超出了，一张也没有记录。"
        f"请把文件拆成每份不超过 {MOST_RECEIPTS} 行再逐份上报，"
        f"例如 split -l {MOST_RECEIPTS} purchases.ndjson；拆开后整份重报不会重复计算。"
    )


class ReceiptLines(BaseParser):
    """One receipt a line. What is too much is refused before any of it is recorded."""

    media_type = _NDJSON

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        told = stream.read(MOST_BYTES + 1)
        lines = [line for line in told.splitlines() if line.strip()]
        if len(told) > MOST_BYTES or len(lines) > MOST_RECEIPTS:
            raise TooMuch
        if not lines:
            raise ParseError("没有收到小票。")
        return lines


class AnswerLines(BaseRenderer):
    """One answer a line, in the order of the receipts."""

    media_type = _NDJSON
    format = "ndjson"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        rows = data if isinstance(data, list) else [data]
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


# The shapes below speak for the schema. What is accepted is decided by rules.py alone, which the
# file import reads too; tests/stores/ledger/test_api_schema.py holds the two together.


class LineIn(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1, max_value=99_999, help_text="行号，同一小票内唯一")
    sku = serializers.CharField(max_length=60, help_text="货号")
    quantity = serializers.IntegerField(help_text="数量；退货为负")
    amount = serializers.IntegerField(help_text="金额，单位为分；退货为负")
    refund_of = serializers.CharField(
        required=False, help_text="退货对应的原小票号/行号，例如 A1001/2；可先于原单上报"
    )


class MemberIn(serializers.Serializer[Any]):
    card = serializers.CharField(required=False, help_text="会员卡号")
    phone = serializers.CharField(required=False, help_text="手机号，E.164 格式")
    external_userid = serializers.CharField(required=False, help_text="企微客户标识")
    marketplace = serializers.CharField(
        required=False, help_text="平台:账号，例如 tmall:小静；本人绑定过的才认得"
    )


class PositionIn(serializers.Serializer[Any]):
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class ReceiptIn(serializers.Serializer[Any]):
    receipt_no = serializers.CharField(max_length=80, help_text="小票号，同一来源内唯一")
    store = serializers.CharField(max_length=20, help_text="门店编号")
    sold_at = serializers.DateTimeField(help_text="销售时间，须带时区")
    lines = LineIn(many=True, help_text=f"1 至 {MAX_LINES} 行")
    member = MemberIn(
        required=False,
        help_text="只给出一项：" + "、".join(CLAIM_KINDS) + "；之后补登可重报整张小票",
    )
    served_by = serializers.CharField(required=False, help_text="服务导购的工号")
    position = PositionIn(required=False, help_text="销售或收货位置")
    currency = serializers.ChoiceField(choices=["CNY"], required=False)


class LineOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["recorded", "known", "clash"])


class FaultOut(serializers.Serializer[Any]):
    where = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()


class AnswerOut(serializers.Serializer[Any]):
    receipt_no = serializers.CharField()
    status = serializers.ChoiceField(choices=[200, 201, 409, 422])
    lines = LineOut(many=True)
    member = serializers.ChoiceField(
        choices=["found", "joined", "unknown", "other"], required=False
    )
    errors = FaultOut(many=True, required=False)  # type: ignore[assignment]


class AnswersOut(serializers.Serializer[Any]):
    results = AnswerOut(many=True)


class RecordedLineOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    amount = serializers.IntegerField()
    refund_of = serializers.CharField(required=False)


class RecordedReceiptOut(serializers.Serializer[Any]):
    receipt_no = serializers.CharField()
    sold_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    has_member = serializers.BooleanField()
    lines = RecordedLineOut(many=True)


_EXAMPLE = OpenApiExample(
    "一张小票",
    value={
        "receipt_no": "A1001",
        "store": "S001",
        "sold_at": "2026-11-20T19:30:00+08:00",
        "member": {"card": "0000000001"},
        "served_by": "G001",
        "lines": [{"line": 1, "sku": "SK-100", "quantity": 1, "amount": 29900}],
    },
    request_only=True,
)


class PurchasesView(APIView):
    """Record purchases: one receipt, a list of them, or a stream of lines."""

    permission_classes = (HasScope,)
    parser_classes = (JSONParser, ReceiptLines)
    renderer_classes = (JSONRenderer, AnswerLines)
    scope = "purchases:write"

    @extend_schema(
        summary="上报订单与退货",
        description=(
            "可上报一张小票、一个列表，或以 application/x-ndjson 逐行上报（至多 10 000 张）。"
            "按（来源，小票号，行号）只记一次：原样重报答复 known；内容不同答复 clash，原记录不变。"
            "退货可先于原单。金额以分为单位。来源由密钥决定。"
        ),
        request={"application/json": ReceiptIn, _NDJSON: ReceiptIn},
        responses={
            201: AnswerOut,
            200: OpenApiResponse(AnswersOut, "列表的逐张答复；单张小票已记录过时为一个答复"),
            409: OpenApiResponse(AnswerOut, "内容与已记录的不同"),
            422: OpenApiResponse(AnswerOut, "小票有误，未作记录"),
        },
        examples=[_EXAMPLE],
        tags=["订单"],
    )
    def post(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooMuch
        told: Any = request.data
        intake = Intake(source=key.source, by=actor_of_machine(key), only_store=key.store_id)
        if (request.content_type or "").startswith(_NDJSON):
            rows = [_shown(answer) for answer in intake.take(_receipts_of(told))]
            # Lines in, lines out, whatever the Accept header says.
            request.accepted_renderer = AnswerLines()
            return Response(rows)
        if isinstance(told, list):
            if len(told) > MOST_RECEIPTS:
                raise TooMuch
            return Response({"results": [_shown(answer) for answer in intake.take(told)]})
        (answer,) = intake.take([told])
        if answer.status in TITLES:
            return Response(
                _problem(answer), answer.status, content_type="application/problem+json"
            )
        return Response(_shown(answer), answer.status)


class ReceiptView(APIView):
    """What the ledger holds of a receipt of the asking machine; other machines' do not exist."""

    permission_classes = (HasScope,)
    scope = "purchases:read"

    @extend_schema(summary="查询自己上报的小票", responses={200: RecordedReceiptOut}, tags=["订单"])
    def get(self, request: Request, receipt_no: str) -> Response:
        key = cast(MachineKey, request.user)
        with scope_of(actor_of_machine(key)):
            lines = receipt_lines(key.source, writable(receipt_no))
        if not lines:
            raise Http404
        return Response(_shown_receipt(receipt_no, lines))


def _receipts_of(lines: list[bytes]) -> Iterator[object]:
    """A receipt for each line; a line that is no JSON is a receipt at fault."""
    for line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            yield None


def _shown(answer: Answer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "receipt_no": answer.receipt_no,
        "status": answer.status,
        "lines": [{"line": line, "outcome": str(what)} for line, what in answer.lines],
    }
    if answer.member:
        shown["member"] = str(answer.member)
    if answer.faults:
        shown["errors"] = [_shown_fault(fault) for fault in answer.faults]
    return shown


def _problem(answer: Answer) -> dict[str, Any]:
    """One receipt's failure as RFC 9457 wants it, with what happened per line."""
    kind = {CLASH: "clash", REFUSED: "receipt"}[answer.status]
    return {
        "type": f"/api/problems/{kind}",
        "title": TITLES[answer.status],
        "detail": answer.faults[0].text if answer.faults else "",
        **_shown(answer),
    }


def _shown_fault(fault: Fault) -> dict[str, str]:
    return {"where": fault.where, "code": fault.code, "text": fault.text}


def _shown_receipt(receipt_no: str, lines: list[PurchaseLine]) -> dict[str, Any]:
    return {
        "receipt_no": receipt_no,
        "sold_at": lines[0].sold_at.isoformat(),
        "recorded_at": min(line.recorded_at for line in lines).isoformat(),
        "has_member": lines[0].member_no is not None,
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "quantity": line.quantity,
                "amount": line.amount,
                **({"refund_of": line.refund_of} if line.refund_of else {}),
            }
            for line in lines
        ],
    }
