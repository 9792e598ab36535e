"""The door of mini program, app and web shop: what members did there, by the thousand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, Final, cast

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.behaviour.actions import Answer, take_events
from members.behaviour.models import BehaviourKind, Touchpoint
from members.behaviour.rules import CLAIMS, MOST_LINES, Outcome
from stores.ledger.api import AnswerLines, ReceiptLines
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import MachineKey

MOST_BYTES: Final = 8 * 1024 * 1024
# So many lines are one transaction, durable before they are answered.
_CHUNK: Final = 2000
_NDJSON: Final = "application/x-ndjson"


class TooMuch(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_much"
    default_detail = f"一次最多 {MOST_LINES} 行、8 MB，请分批上报；已答复的不必重报。"


# The shapes below speak for the schema; what is accepted is decided by rules.py.


class ClaimIn(serializers.Serializer[Any]):
    card = serializers.CharField(required=False, help_text="会员卡号")
    unionid = serializers.CharField(required=False)
    openid = serializers.CharField(required=False)
    phone = serializers.CharField(required=False, help_text="手机号，E.164 格式")
    external_userid = serializers.CharField(required=False, help_text="企微客户标识")
    till = serializers.CharField(required=False, help_text="收银会员号")


class EventIn(serializers.Serializer[Any]):
    event_id = serializers.CharField(max_length=80, help_text="同一来源内唯一，重报不重复计")
    kind = serializers.ChoiceField(choices=BehaviourKind.values, help_text="见 docs/behaviour.md")
    touchpoint = serializers.ChoiceField(choices=Touchpoint.values)
    at = serializers.DateTimeField(help_text="发生时间，须带时区；最晚可补报 30 天")
    member = ClaimIn(help_text="只给出一项：" + "、".join(CLAIMS))
    object = serializers.CharField(
        required=False, max_length=80, help_text="货号、素材编号等代码；不收搜索词等文字"
    )
    store = serializers.CharField(required=False, help_text="门店编号；有多家法人主体时必填")


class EventAnswerOut(serializers.Serializer[Any]):
    event_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[one.value for one in Outcome])
    where = serializers.CharField(required=False)
    text = serializers.CharField(required=False)


class EventAnswersOut(serializers.Serializer[Any]):
    results = EventAnswerOut(many=True)


_EXAMPLE = OpenApiExample(
    "看了一件商品",
    value={
        "event_id": "mp-20261120-000001",
        "kind": "viewed",
        "touchpoint": "mini_program",
        "at": "2026-11-20T19:30:00+08:00",
        "member": {"openid": "oChen0000000000000000000001"},
        "object": "SK-100",
    },
    request_only=True,
)


class BehaviourView(APIView):
    """Tell what members did: one event, a list of them, or a stream of lines."""

    permission_classes = (HasScope,)
    parser_classes = (JSONParser, ReceiptLines)
    renderer_classes = (JSONRenderer, AnswerLines)
    scope = "behaviour:write"

    @extend_schema(
        summary="上报会员行为",
        description=(
            "可上报一个事件、一个列表，或以 application/x-ndjson 逐行上报（至多 10 000 行）。"
            "按（来源，event_id）只记一次。会员当时没有同意、现在已撤回、或不是会员的，"
            "一律答复 counted：只计数，不留存。来源由密钥决定。"
        ),
        request={"application/json": EventIn, _NDJSON: EventIn},
        responses={200: OpenApiResponse(EventAnswersOut, "逐行答复，次序与上报相同")},
        examples=[_EXAMPLE],
        tags=["行为"],
    )
    def post(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooMuch
        told: Any = request.data
        if (request.content_type or "").startswith(_NDJSON):
            answers = [_shown(answer) for answer in _take(_lines(told), key)]
            # Lines in, lines out, whatever the Accept header says.
            request.accepted_renderer = AnswerLines()
            return Response(answers)
        events = told if isinstance(told, list) else [told]
        if len(events) > MOST_LINES:
            raise TooMuch
        return Response({"results": [_shown(answer) for answer in _take(iter(events), key)]})


def _take(events: Iterator[object], key: MachineKey) -> Iterator[Answer]:
    by = actor_of_machine(key)
    while chunk := list(islice(events, _CHUNK)):
        yield from take_events(chunk, source=key.source, only_store=key.store_id, by=by)


def _lines(stream: IO[Any]) -> Iterator[object]:
    """An event for each line that is not blank; what is no JSON is an event at fault."""
    count = 0
    for line in stream:
        if not line.strip():
            continue
        count += 1
        if count > MOST_LINES:
            raise TooMuch
        try:
            yield json.loads(line)
        except ValueError:
            yield None
    if count == 0:
        raise ParseError("没有收到事件。")


def _shown(answer: Answer) -> dict[str, str]:
    shown = {"event_id": answer.event_id, "outcome": answer.outcome.value}
    if answer.text:
        shown |= {"where": answer.where, "text": answer.text}
    return shown
