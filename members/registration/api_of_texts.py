"""The gateway's door for texts that people send back: `POST /api/v1/text-replies/`."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.registration.replies import take_reply
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import MachineKey


class TextReplyIn(serializers.Serializer[dict[str, object]]):
    """One text as the gateway took it; `message_id` is its own number for it."""

    message_id = serializers.CharField(max_length=80)
    phone = serializers.CharField(max_length=20)
    text = serializers.CharField(max_length=500, allow_blank=True)
    received_at = serializers.DateTimeField()


class TextReplyOut(serializers.Serializer[dict[str, object]]):
    taken = serializers.BooleanField(help_text="The text was read, now or before.")


class TextReplies(APIView):
    """Hand over a text. The same `message_id` again changes nothing and answers the same.

    Whether the number is a member's is not told.
    """

    permission_classes = (HasScope,)
    scope = "texts:write"

    @extend_schema(
        summary="转交会员的短信回复",
        description=(
            "短信网关收到的回复（退订、TD、R 等）逐条转交；同一编号重报不重复处理。"
            "不回答号码是不是会员。"
        ),
        request=TextReplyIn,
        responses={200: TextReplyOut},
        tags=["短信"],
    )
    def post(self, request: Request) -> Response:
        said = TextReplyIn(data=request.data)
        said.is_valid(raise_exception=True)
        found = said.validated_data
        take_reply(
            found["message_id"],
            phone=found["phone"],
            text=found["text"],
            at=found["received_at"],
            by=actor_of_machine(cast(MachineKey, request.user)),
        )
        return Response({"taken": True}, status=status.HTTP_200_OK)
