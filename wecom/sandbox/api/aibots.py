"""What a smart robot calls by itself: its answer later, and the files members showed it."""

from typing import Any

from starlette.responses import Response

from wecom.sandbox import crypto
from wecom.sandbox.truth import robots
from wecom.sandbox.wire import cards, reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Answer, Call, endpoint

MARKDOWN_BYTES = 20_480


@endpoint("aibot/response", token=False)
def respond_later(call: Call) -> dict[str, Any]:
    """Speak once by the response_url of a message, within an hour of it."""
    kind = reading.text(call.body, "msgtype", missing=40008)
    if kind not in ("markdown", "template_card"):
        raise ApiError(40008)
    part = reading.mapping(call.body, kind)
    if kind == "markdown":
        reading.text(part, "content", missing=44004, bytes=MARKDOWN_BYTES)
    else:
        cards.check_card(part)
    turn = robots.spend_url(call.world, call.query.get("response_code", ""))
    if turn is None:
        raise ApiError(60140)
    robots.post(call.world, turn, {"msgtype": kind, kind: part})
    return {}


@endpoint("aibot/file", token=False)
def get_robot_file(call: Call) -> Answer:
    """The address inside an image or file message: five minutes, sealed with the robot's key."""
    found = robots.find_file(call.world, call.query.get("code", ""))
    if found is None:
        raise ApiError(40007)
    data, key = found
    return Response(crypto.encrypt_bytes(key, data), media_type="application/octet-stream")
