"""Uploads, downloads, application messages, the directory."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from tests.wecom.sandbox.world import CHEN, LIN, MA, OTHER_SECRET, ZHOU, Api


def png() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (8, 8), "white").save(drawn, "PNG")
    return drawn.getvalue()


def upload(api: Api, data: bytes, *, type: str = "image", part: str = "media") -> dict[str, object]:
    answer: dict[str, object] = api.client.post(
        "/sandbox/cgi-bin/media/upload",
        params={"access_token": api.token(), "type": type},
        files={part: ("海报.png", data)},
    ).json()
    return answer


def test_upload_comes_back_until_it_expires(api: Api) -> None:
    answer = upload(api, png())
    assert (answer["errcode"], answer["type"]) == (0, "image")
    assert isinstance(answer["created_at"], str)
    query = {"access_token": api.token(), "media_id": str(answer["media_id"])}
    got = api.client.get("/sandbox/cgi-bin/media/get", params=query)
    assert (got.content, got.headers["Content-Type"]) == (png(), "image/png")
    assert "attachment" in got.headers["Content-Disposition"]
    part = api.client.get(
        "/sandbox/cgi-bin/media/get", params=query, headers={"Range": "bytes=0-3"}
    )
    assert (part.status_code, part.content) == (206, png()[:4])
    api.control("clock", {"advance_seconds": 3 * 86400 + 1})
    api.tokens.clear()
    query["access_token"] = api.token()
    late = api.client.get("/sandbox/cgi-bin/media/get", params=query)
    assert (late.status_code, late.json()["errcode"]) == (200, 40007)


@pytest.mark.parametrize(
    ("data", "type", "part", "errcode"),
    [
        (b"tiny", "image", "media", 40006),
        (b"", "image", "media", 44001),
        (b"not a picture", "image", "media", 40004),
        (b"x" * 100, "image", "wrong", 44001),
        (b"x" * 100, "poster", "media", 40005),
        (b"\x89PNG\r\n\x1a\n" + b"x" * (10 * 2**20), "image", "media", 40009),
    ],
)
def test_upload_refuses(api: Api, data: bytes, type: str, part: str, errcode: int) -> None:
    assert upload(api, data, type=type, part=part)["errcode"] == errcode


def test_picture_of_uploadimg_stays(api: Api) -> None:
    url = api.client.post(
        "/sandbox/cgi-bin/media/uploadimg",
        params={"access_token": api.token()},
        files={"anything": ("a.png", png())},
    ).json()["url"]
    assert url.startswith("http://shop.example/sandbox/img/")
    path = url.removeprefix("http://shop.example")
    api.control("clock", {"advance_seconds": 30 * 86400})
    assert api.client.get(path).content == png()
    api.tokens.clear()
    api.befriend()
    image = {"msgtype": "image", "image": {"pic_url": url}}
    body = {"sender": LIN, "attachments": [image]}
    assert api.post("externalcontact/add_msg_template", body)["errcode"] == 0


def send(api: Api, **more: object) -> dict[str, object]:
    body = {"touser": LIN, "agentid": 1000002, "msgtype": "text", "text": {"content": "有新任务"}}
    return api.post("message/send", body | more)


def test_application_message_stands_in_the_members_client(api: Api) -> None:
    answer = send(api, touser=f"{LIN}|Nobody", toparty="3")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
    for userid in (LIN, MA):
        messages = api.control(f"state/member/{userid}")["app_messages"]
        assert [m["content"]["text"]["content"] for m in messages] == ["有新任务"]
    assert api.control(f"state/member/{ZHOU}")["app_messages"] == []


def test_application_message_is_checked(api: Api) -> None:
    assert send(api, touser="nobody")["errcode"] == 81013
    assert send(api, touser="")["errcode"] == 82001
    assert send(api, agentid=1000003)["errcode"] == 301002
    assert send(api, agentid=None)["errcode"] == 41011
    assert send(api, msgtype="poem")["errcode"] == 40008
    assert send(api, text={"content": ""})["errcode"] == 44004
    assert send(api, touser=CHEN)["errcode"] == 81013


def test_repeated_application_message_can_be_swallowed(api: Api) -> None:
    for _ in range(2):
        assert send(api, enable_duplicate_check=1)["errcode"] == 0
    assert len(api.control(f"state/member/{LIN}")["app_messages"]) == 1


def test_directory_reads_as_documented(api: Api) -> None:
    departments = api.get("department/list")["department"]
    assert [(each["id"], each["parentid"]) for each in departments] == [(1, 0), (2, 1), (3, 1)]
    simple = api.get("user/simplelist", department_id=1, fetch_child=1)["userlist"]
    assert {each["userid"] for each in simple} == {LIN, ZHOU, MA}
    assert api.get("user/simplelist", department_id=1)["userlist"] == []
    lin = api.get("user/get", userid="LIN")
    assert (lin["userid"], lin["name"], lin["status"], lin["department"]) == (LIN, "林晓", 1, [2])
    assert "mobile" not in lin
    missing = api.get("user/get", userid="nobody")
    assert (missing["errcode"], missing["department"]) == (60111, [])
    assert api.get("user/simplelist", department_id=99)["errcode"] == 60003
    assert api.get("agent/get", agentid=1000002)["name"] == "导购"
    assert api.get("agent/get", agentid=1000002, secret=OTHER_SECRET)["errcode"] == 301002


def test_tags_are_made_changed_and_deleted(api: Api) -> None:
    made = api.post(
        "externalcontact/add_corp_tag",
        {"group_name": "兴趣", "tag": [{"name": "风衣"}, {"name": "风衣"}, {"name": "裙装"}]},
    )["tag_group"]
    assert [tag["name"] for tag in made["tag"]] == ["风衣", "裙装"]
    first, second = (tag["id"] for tag in made["tag"])
    again = {"group_id": made["group_id"], "tag": [{"name": "风衣"}]}
    assert api.post("externalcontact/add_corp_tag", again)["errcode"] == 40071
    rename = {"id": first, "name": "裙装"}
    assert api.post("externalcontact/edit_corp_tag", rename)["errcode"] == 40071
    assert api.post("externalcontact/edit_corp_tag", {"id": first, "name": "外套"})["errcode"] == 0
    foreign = api.post("externalcontact/del_corp_tag", {"tag_id": [first]}, secret=OTHER_SECRET)
    assert foreign["errcode"] == 81011
    body = {"tag_id": [first, second]}
    assert api.post("externalcontact/del_corp_tag", body)["errcode"] == 0
    names = [g["group_name"] for g in api.post("externalcontact/get_corp_tag_list")["tag_group"]]
    assert names == ["等级"]
