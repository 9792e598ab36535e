"""What codes lead to: contact-me, group and customer-service pages; their pictures; media."""

import json
from io import BytesIO
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from wecom.sandbox.truth import acquisition, kf, lists, media, people, ways
from wecom.sandbox.world import Refused, World

from .identity import add_query, cookie_person, local_address, named_person
from .rendering import render, render_refusal

DAY_S = 86400
TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def meet_visitor(request: Request, template: str, **values: Any) -> Response:
    """The landing page for whoever opened it; the window tells, or the visitor chooses."""
    world: World = request.app.state.world
    person = named_person(request)
    if person is not None and person.is_member:
        return render_refusal(request, "请用顾客的手机扫码", 403)
    search = request.query_params.get("q", "")
    known = cookie_person(request, members=False)
    here = local_address(request)
    return render(
        request,
        template,
        customer=people.find_customer(world, person.id) if person else None,
        customers=lists.find_customers(world, search),
        search=search,
        here=here,
        link=lambda name: add_query(here, **{"as": name}),
        known=known.id if known else "",
        **values,
    )


async def show_contact_way(request: Request) -> Response:
    """/sandbox/c/<config_id>: the guide's card with the button that adds her."""
    world: World = request.app.state.world
    config_id = request.path_params["name"]
    try:
        way = ways.find_contact_way(world, config_id)
    except Refused as error:
        return render_refusal(request, str(error))
    receivers = json.loads(way["receivers"])
    person = named_person(request)
    customer = person.id if person and not person.is_member else ""
    userid = ways.choose_receiver(world, way, customer)
    member = people.find_member(world, userid)
    return meet_visitor(
        request, "landing_guide.html", member=member, config_id=config_id, many=len(receivers)
    )


async def show_acquisition_link(request: Request) -> Response:
    """/sandbox/ca/<link_id>: the card of whom the link adds, for anybody with the address."""
    world: World = request.app.state.world
    link = acquisition.find(world, request.path_params["name"])
    if link is None:
        return render_refusal(request, "获客链接已失效")
    receivers = acquisition.receivers_of(world, json.loads(link["body"]))
    if not receivers:
        return render_refusal(request, "获客链接暂不可用")
    member = people.find_member(world, receivers[link["next_receiver"] % len(receivers)])
    channel = request.query_params.get("customer_channel", "")
    url = acquisition.url_of(world, link["link_id"])
    return meet_visitor(
        request,
        "landing_acquisition.html",
        member=member,
        url=add_query(url, customer_channel=channel) if channel else url,
    )


async def show_join_way(request: Request) -> Response:
    """/sandbox/g/<config_id>: the group with the button that joins it."""
    world: World = request.app.state.world
    config_id = request.path_params["name"]
    try:
        way = ways.find_join_way(world, config_id)
    except Refused as error:
        return render_refusal(request, str(error))
    chat_id = json.loads(way["body"])["chat_id_list"][0]
    group = world.store.row("SELECT * FROM group_chat WHERE chat_id = ?", chat_id)
    size = world.store.value("SELECT count(*) FROM group_member WHERE chat_id = ?", chat_id)
    return meet_visitor(request, "landing_group.html", group=group, config_id=config_id, size=size)


async def show_kf(request: Request) -> Response:
    """/sandbox/kf/<open_kfid>: customer service with the button that opens it."""
    world: World = request.app.state.world
    try:
        account = kf.find_account(world, request.path_params["name"])
    except Refused as error:
        return render_refusal(request, str(error))
    query = request.query_params
    return meet_visitor(
        request,
        "landing_kf.html",
        account=account,
        scene=query.get("enc_scene", ""),
        scene_param=query.get("scene_param", ""),
    )


async def draw_code(request: Request) -> Response:
    """The picture of a code: contact-me or group, as PNG or SVG."""
    world: World = request.app.state.world
    config_id = request.path_params["name"]
    kind = request.url.path.rsplit(".", 1)[1]
    if world.store.value("SELECT 1 FROM contact_way WHERE config_id = ?", config_id):
        place = "c"
    elif world.store.value("SELECT 1 FROM join_way WHERE config_id = ?", config_id):
        place = "g"
    else:
        return PlainTextResponse("no such code", 404)
    code = segno.make(world.options.public(f"/sandbox/{place}/{config_id}"), error="m")
    drawn = BytesIO()
    code.save(drawn, kind=kind, scale=10, border=4)
    return Response(
        drawn.getvalue(),
        media_type=TYPES[kind],
        headers={"Cache-Control": f"public, max-age={DAY_S}", "Access-Control-Allow-Origin": "*"},
    )


async def redirect_code(request: Request) -> Response:
    """The address of a picture without its ending leads to the picture."""
    return RedirectResponse(f"/sandbox/qr/{request.path_params['name']}.png", 302)


async def show_media(request: Request) -> Response:
    """A file inside a message, shown on the pages; also pictures of media/uploadimg."""
    world: World = request.app.state.world
    row = media.find(world, request.path_params["name"])
    if row is None:
        return PlainTextResponse("expired", 404)
    safe = row["content_type"] in ("image/jpeg", "image/png", "video/mp4", "audio/amr")
    return Response(
        row["data"],
        media_type=row["content_type"],
        headers={
            "Content-Disposition": "inline" if safe else "attachment",
            "X-Content-Type-Options": "nosniff",
        },
    )


ROUTES = [
    Route("/sandbox/c/{name}", show_contact_way),
    Route("/sandbox/ca/{name}", show_acquisition_link),
    Route("/sandbox/g/{name}", show_join_way),
    Route("/sandbox/kf/{name}", show_kf),
    *(Route(f"/sandbox/qr/{{name}}.{kind}", draw_code) for kind in TYPES),
    Route("/sandbox/qr/{name}", redirect_code),
    Route("/sandbox/media/{name}", show_media),
    Route("/sandbox/img/{name}", show_media),
]
