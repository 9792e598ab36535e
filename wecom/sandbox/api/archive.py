"""Chat archive (wecom.md 7.6): who is licensed, who agreed, and the bridge to the content.

``msgaudit/chatdata`` is no path of WeCom: it stands for a small program beside the product
that runs the vendor's C library (GetChatData, DecryptData) and answers decrypted messages.
"""

import json
from typing import Any

from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

MOST_MESSAGES = 1000
KEPT_S = 5 * 86400


@endpoint("msgaudit/chatdata")
def get_chat_data(call: Call) -> dict[str, Any]:
    """Archived messages behind a seq, ascending; older than five days are gone."""
    if not call.world.store.value("SELECT 1 FROM member WHERE archived LIMIT 1"):
        raise ApiError(301053)
    after = reading.number(call.body, "seq", 0, high=2**62)
    limit = reading.page_size(call.body, most=MOST_MESSAGES, default=MOST_MESSAGES)
    rows = call.world.store.rows(
        "SELECT * FROM archive WHERE seq > ? AND at > ? ORDER BY seq LIMIT ?",
        after,
        call.world.clock.now() - KEPT_S,
        limit,
    )
    return {
        "chatdata": [
            {
                "seq": row["seq"],
                "msgid": row["msgid"],
                "message": json.loads(row["message"]),
            }
            for row in rows
        ]
    }


@endpoint("msgaudit/get_permit_user_list")
def get_permit_user_list(call: Call) -> dict[str, Any]:
    """Members with an archive licence."""
    return {
        "ids": call.world.store.column(
            "SELECT userid FROM member WHERE archived AND status != 5 ORDER BY userid"
        )
    }


@endpoint("msgaudit/check_single_agree")
def check_single_agree(call: Call) -> dict[str, Any]:
    """Who agreed; ``exteranalopenid`` is the vendor's own spelling."""
    info = call.body.get("info")
    if not isinstance(info, list) or not 1 <= len(info) <= 100:
        raise ApiError(40058)
    answers = []
    for pair in info:
        if not isinstance(pair, dict):
            raise ApiError(40058)
        external_userid = reading.text(pair, "exteranalopenid", missing=40063)
        agreed = call.world.store.value(
            "SELECT archive_agreed FROM customer WHERE external_userid = ?",
            external_userid,
        )
        answers.append(
            {
                "status_change_time": call.world.store.setting(f"agreed_at_{external_userid}", 0),
                "userid": reading.text(pair, "userid", missing=40063),
                "exteranalopenid": external_userid,
                "agree_status": "Agree" if agreed else "Disagree",
            }
        )
    return {"agreeinfo": answers}
