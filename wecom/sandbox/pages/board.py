"""The start page and the control page: applications, callbacks, calls, switches, faults."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wecom.sandbox.control import inspect, seed
from wecom.sandbox.switches import CHOICES
from wecom.sandbox.world import World

from .rendering import render

WORDS = {
    "duplicate_probability": "回调重复的概率",
    "drop_probability": "回调丢失的概率",
    "reorder_probability": "回调乱序的概率",
    "reorder_max_s": "乱序最多延迟（秒）",
    "callback_deadline_s": "回调应答期限（秒）",
    "callback_retries": "回调重发次数",
    "callback_retry_pause_s": "重发间隔（秒）",
    "msgaudit_interval_s": "会话存档通知间隔（秒，真实为 15）",
    "dispatch_delay_s": "群发任务下发耗时（秒，期间 41063）",
    "welcome_ttl_s": "欢迎语有效期（秒）",
    "welcome_send_s": "欢迎语发送耗时（秒，期间 41096）",
    "mass_quota": "群发接收上限",
    "token_ttl_s": "access_token 有效期（秒）",
    "expired_token_errcode": "凭证过期时的错误码",
    "unionid_scope": "何种授权返回 unionid",
    "oauth_consent_page": "网页授权先征求同意",
    "kf_token_ttl_s": "客服回调 token 有效期（秒）",
    "records_of_cancelled": "已停止群发的查询",
}


async def show_start(request: Request) -> Response:
    """/sandbox/: what this is and its doors."""
    world: World = request.app.state.world
    return render(request, "start.html", counts=seed.count_all(world))


async def show_board(request: Request) -> Response:
    """/sandbox/control/: everything that can be seen and turned."""
    world: World = request.app.state.world
    values = world.switches.all()
    return render(
        request,
        "board.html",
        corp_id=world.corp_id,
        counts=seed.count_all(world),
        apps=[
            dict(app) | {"events": "、".join(json.loads(app["events"]))}
            for app in world.store.rows("SELECT * FROM app ORDER BY agent_id")
        ],
        deliveries=inspect.list_deliveries(world, {"limit": "60"})["deliveries"],
        calls=inspect.list_calls(world, {"limit": "60"})["calls"],
        switches=[
            {
                "name": name,
                "word": WORDS[name],
                "value": value,
                "choices": CHOICES.get(name, ()),
                "is_flag": isinstance(value, bool),
                "is_number": isinstance(value, int | float),
            }
            for name, value in values.items()
        ],
        faults=world.store.rows("SELECT * FROM fault WHERE times != 0 ORDER BY id"),
        offset=world.clock.offset,
        topics="control tasks people",
    )


async def go_start(_request: Request) -> Response:
    """The prefix without its slash."""
    return RedirectResponse("/sandbox/", 307)


ROUTES = [
    Route("/sandbox", go_start),
    Route("/sandbox/", show_start),
    Route("/sandbox/control/", show_board),
]
