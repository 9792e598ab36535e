"""Pages without a browser: they open, say who they are, and name no inner address."""

from __future__ import annotations

import hashlib
import json
import re
from io import BytesIO

import httpx
import pytest
import segno
import zxingcpp
from PIL import Image

from tests.wecom.sandbox.world import CHEN, CORP, GROUP, KF, LIN, OTHER_SECRET, WU, Api

PAGES = [
    "/sandbox/",
    "/sandbox/control/",
    "/sandbox/phone/",
    "/sandbox/phone/?two=1",
    f"/sandbox/phone/{CHEN}/",
    f"/sandbox/phone/{CHEN}/contacts/",
    f"/sandbox/phone/{CHEN}/scan/",
    f"/sandbox/phone/{CHEN}/me/",
    f"/sandbox/phone/{CHEN}/chat/guide/{LIN}/",
    f"/sandbox/phone/{CHEN}/chat/group/{GROUP}/",
    f"/sandbox/phone/{CHEN}/chat/kf/{KF}/",
    f"/sandbox/phone/{CHEN}/guide/{LIN}/",
    f"/sandbox/phone/{CHEN}/group/{GROUP}/",
    "/sandbox/wecom/",
    f"/sandbox/wecom/{LIN}/",
    f"/sandbox/wecom/{LIN}/tasks/",
    f"/sandbox/wecom/{LIN}/customers/",
    f"/sandbox/wecom/{LIN}/customers/{CHEN}/",
    f"/sandbox/wecom/{LIN}/groups/",
    f"/sandbox/wecom/{LIN}/groups/new/",
    f"/sandbox/wecom/{LIN}/groups/{GROUP}/",
    f"/sandbox/wecom/{LIN}/chat/customer/{CHEN}/",
    f"/sandbox/wecom/{LIN}/chat/group/{GROUP}/",
    f"/sandbox/wecom/{LIN}/chat/app/1000002/",
    f"/sandbox/kf/{KF}",
]


@pytest.fixture
def lively(api: Api) -> Api:
    """A world in which everybody has spoken and a task waits."""
    api.befriend()
    api.act("join_group", customer=CHEN, chat_id=GROUP)
    api.act("chat", **{"from": CHEN, "to": LIN, "text": "<b>看</b> https://shop.example/a?b=1&c=2"})
    api.act("chat", **{"from": WU, "chat_id": GROUP, "text": "几点关门"})
    api.act("kf_chat", customer=CHEN, open_kfid=KF, text="在吗")
    link: dict[str, object] = {
        "msgtype": "link",
        "link": {"title": "秋款", "url": "https://shop.example/s/1"},
    }
    body: dict[str, object] = {"sender": LIN, "text": {"content": "你好"}, "attachments": [link]}
    api.post("externalcontact/add_msg_template", body)
    menu = {
        "head_content": "请选",
        "list": [{"type": "click", "click": {"id": "1", "content": "营业时间"}}],
        "tail_content": "",
    }
    body = {"touser": CHEN, "open_kfid": KF, "msgtype": "msgmenu", "msgmenu": menu}
    api.post("kf/send_msg", body)
    card = {"title": "任务", "description": "说明", "url": "https://shop.example/t/"}
    body = {"touser": LIN, "agentid": 1000002, "msgtype": "textcard", "textcard": card}
    api.post("message/send", body)
    return api


@pytest.mark.parametrize("path", PAGES)
def test_page_opens_marked_as_a_simulation(lively: Api, path: str) -> None:
    answer = lively.client.get(path)
    assert answer.status_code == 200, answer.text
    assert "模拟器" in answer.text
    assert "<script>" not in answer.text
    assert not re.search(r"\bstyle=", answer.text)
    host = str(lively.client.base_url).rstrip("/")
    assert host not in answer.text
    for address in re.findall(r'(?:href|src|action|data-then)="([^"]*)"', answer.text):
        assert not address.startswith("/") or address.startswith(("/sandbox/", "/sidebar/"))


def test_words_of_people_are_never_markup(lively: Api) -> None:
    page = lively.client.get(f"/sandbox/phone/{CHEN}/chat/guide/{LIN}/").text
    assert "&lt;b&gt;看&lt;/b&gt;" in page
    assert 'data-open="https://shop.example/a?b=1&amp;c=2"' in page


def test_unknown_people_are_refused_in_words(api: Api) -> None:
    for path in ("/sandbox/phone/wmNobody/", "/sandbox/wecom/nobody/", "/sandbox/c/nothing"):
        answer = api.client.get(path)
        assert (answer.status_code, "打不开" in answer.text) == (404, True)


def test_picture_of_a_code_reads_as_its_landing_page(api: Api) -> None:
    way = {"type": 1, "scene": 2, "user": [LIN]}
    qr_code = api.post("externalcontact/add_contact_way", way)["qr_code"]
    path = qr_code.removeprefix("http://shop.example")
    drawn = api.client.get(path)
    assert drawn.headers["Content-Type"] == "image/png"
    found = zxingcpp.read_barcodes(Image.open(BytesIO(drawn.content)))
    config_id = path.split("/")[-1].removesuffix(".png")
    assert [code.text for code in found] == [f"http://shop.example/sandbox/c/{config_id}"]
    svg = api.client.get(path.replace(".png", ".svg"))
    assert svg.headers["Content-Type"].startswith("image/svg+xml")
    scanned = api.act("scan", customer=CHEN, url=found[0].text)
    assert (scanned["kind"], scanned["config_id"]) == ("contact_way", config_id)
    assert scanned["open"] == f"/sandbox/c/{config_id}"
    landing = api.client.get(scanned["open"], params={"as": CHEN})
    assert "林晓" in landing.text
    assert 'data-testid="add-friend"' in landing.text


def test_pasted_texts_are_understood(api: Api) -> None:
    group = api.post(
        "externalcontact/groupchat/add_join_way", {"scene": 2, "chat_id_list": [GROUP]}
    )["config_id"]
    known = {
        f"http://shop.example/sandbox/g/{group}": "join_way",
        f"http://shop.example/sandbox/qr/{group}.png": "join_way",
        f"/sandbox/kf/{KF}?enc_scene=card": "kf",
        "https://shop.example/q/abc/": "web",
    }
    for url, kind in known.items():
        assert api.act("scan", customer=CHEN, url=url)["kind"] == kind
    assert "网址" in api.refused("scan", customer=CHEN, url="随便写的")


def test_chosen_picture_is_decoded(api: Api) -> None:
    drawn = BytesIO()
    segno.make("https://shop.example/q/abc/").save(drawn, kind="png", scale=6)
    answer = api.client.post("/sandbox/phone/decode", content=drawn.getvalue()).json()
    assert answer["urls"] == ["https://shop.example/q/abc/"]
    wrong = api.client.post("/sandbox/phone/decode", content=b"no picture")
    assert (wrong.status_code, wrong.json()["ok"]) == (400, False)


def check_signature(api: Api, **params: object) -> dict[str, object]:
    answer: dict[str, object] = api.client.post("/sandbox/wecom/signature", json=params).json()
    return answer


def test_side_bar_signatures_are_really_checked(api: Api) -> None:
    url = "https://shop.example/sidebar/?a=1"

    def sign(ticket: str) -> str:
        text = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={url}"
        return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - the vendor's hash

    corp = sign(api.get("get_jsapi_ticket")["ticket"])
    agent = sign(api.get("ticket/get", type="agent_config")["ticket"])
    other = sign(api.get("ticket/get", type="agent_config", secret=OTHER_SECRET)["ticket"])
    base = {"nonceStr": "n", "timestamp": 1, "url": url}
    config = base | {"kind": "config", "appId": CORP}
    agent_config = base | {"kind": "agentConfig", "corpid": CORP, "agentid": 1000002}
    assert check_signature(api, **config, signature=corp)["ok"]
    assert check_signature(api, **agent_config, signature=agent)["ok"]
    assert check_signature(api, **agent_config, signature=corp)["errcode"] == 91040
    assert check_signature(api, **agent_config, signature=other)["errcode"] == 42012
    assert check_signature(api, **config, signature="0" * 40)["errcode"] == 40093
    moved = config | {"url": url + "&b=2"}
    assert check_signature(api, **moved, signature=corp)["errcode"] == 40093


def test_open_pages_hear_of_changes(api: Api) -> None:
    with (
        httpx.Client(base_url=api.client.base_url, trust_env=False, timeout=10) as other,
        other.stream("GET", "/sandbox/live/") as stream,
    ):
        lines = stream.iter_lines()
        assert any(line == "event: hello" for line in lines)
        api.befriend()
        heard = next(line for line in lines if line.startswith("data: ") and "customer" in line)
    assert f"customer:{CHEN}" in heard
    assert f"member:{LIN}" in heard


def test_two_phones_leave_no_cookie(api: Api) -> None:
    api.client.get(f"/sandbox/phone/{CHEN}/")
    assert api.client.cookies.get("sandbox_phone") == CHEN
    api.client.get("/sandbox/phone/?two=1")
    assert api.client.cookies.get("sandbox_phone") is None
    api.client.get(f"/sandbox/phone/{CHEN}/?bare=1")
    assert api.client.cookies.get("sandbox_phone") is None


def test_reading_a_chat_empties_its_badge(lively: Api) -> None:
    def unread() -> list[str]:
        page = lively.client.get(f"/sandbox/wecom/{LIN}/").text
        return re.findall(r'data-testid="unread">(\d+)<', page)

    assert sorted(unread()) == ["1", "1", "1"]
    lively.client.get(f"/sandbox/wecom/{LIN}/chat/customer/{CHEN}/")
    assert sorted(unread()) == ["1", "1"]


def test_task_page_confirms_through_the_same_act(lively: Api) -> None:
    page = lively.client.get(f"/sandbox/wecom/{LIN}/tasks/").text
    body = re.search(r"data-act=\"acts/confirm_task\" data-body='([^']+)'", page)
    assert body is not None
    lively.act("confirm_task", **json.loads(body[1]))
    assert "已送达 1" in lively.client.get(f"/sandbox/wecom/{LIN}/tasks/").text
