"""Moments: ordered behind a job, published by members alone, read back by five calls."""

from __future__ import annotations

import time
from typing import Any

from tests.wecom.sandbox.test_media_and_messages import png
from tests.wecom.sandbox.world import CHEN, LIN, MA, WU, ZHOU, Api


def attach(api: Api, data: bytes = b"", *, scene: str = "1", kind: str = "image") -> dict[str, Any]:
    answer: dict[str, Any] = api.client.post(
        "/sandbox/cgi-bin/media/upload_attachment",
        params={"access_token": api.token(), "media_type": kind, "attachment_type": scene},
        files={"media": ("a.png", data or png())},
    ).json()
    return answer


def order(api: Api, **more: Any) -> dict[str, Any]:
    body = {"text": {"content": "秋季新款到店"}} | more
    return api.post("externalcontact/add_moment_task", body)


def ordered(api: Api, **more: Any) -> str:
    """Order a moment and take its id from the job."""
    jobid = order(api, **more)["jobid"]
    got = api.get("externalcontact/get_moment_task_result", jobid=jobid)
    assert (got["status"], got["type"]) == (3, "add_moment_task")
    return str(got["result"]["moment_id"])


def to(*users: str, tags: list[str] | None = None) -> dict[str, Any]:
    return {
        "visible_range": {
            "sender_list": {"user_list": list(users)},
            "external_contact_list": {"tag_list": tags or []},
        }
    }


def read(api: Api, path: str, moment_id: str, userid: str = LIN, **more: Any) -> dict[str, Any]:
    body = {"moment_id": moment_id, "userid": userid} | more
    return api.post(f"externalcontact/get_moment_{path}", body)


def test_nothing_is_seen_before_the_member_publishes(api: Api) -> None:
    api.befriend()
    api.befriend(LIN, WU)
    moment_id = ordered(api, **to(LIN, ZHOU))
    assert api.control(f"state/timeline/{CHEN}")["moments"] == []
    chosen = read(api, "customer_list", moment_id)["customer_list"]
    assert {each["external_userid"] for each in chosen} == {CHEN, WU}
    assert read(api, "send_result", moment_id)["errcode"] == 41062
    assert api.act("publish_moment", moment_id=moment_id, userid=LIN)["reached"] == 2
    assert len(read(api, "send_result", moment_id)["customer_list"]) == 2
    tasks = read(api, "task", moment_id)["task_list"]
    assert {each["userid"]: each["publish_status"] for each in tasks} == {LIN: 1, ZHOU: 0}
    assert api.control(f"state/timeline/{CHEN}")["moments"][0]["text"] == "秋季新款到店"
    assert "已经" in api.refused("publish_moment", moment_id=moment_id, userid=LIN)


def test_tags_narrow_the_audience(api: Api) -> None:
    tag = api.post("externalcontact/get_corp_tag_list")["tag_group"][0]["tag"][0]["id"]
    api.befriend()
    api.befriend(LIN, WU)
    api.act("edit_customer", userid=LIN, customer=WU, add_tags=[tag])
    moment_id = ordered(api, **to(LIN, tags=[tag]))
    api.act("publish_moment", moment_id=moment_id, userid=LIN)
    seen = read(api, "send_result", moment_id)["customer_list"]
    assert seen == [{"external_userid": WU}]


def test_wrong_senders_and_tags_are_named_in_the_result(api: Api) -> None:
    wanted = to(LIN, "nobody", tags=["etNone"])
    wanted["visible_range"]["sender_list"]["department_list"] = [3, 99]
    jobid = order(api, **wanted)["jobid"]
    result = api.get("externalcontact/get_moment_task_result", jobid=jobid)["result"]
    wrong = {"user_list": ["nobody"], "department_list": [99]}
    assert result["invalid_sender_list"] == wrong
    assert result["invalid_external_contact_list"] == {"tag_list": ["etNone"]}
    moment_id = ordered(api, visible_range={"sender_list": {"department_list": [3]}})
    assert [t["userid"] for t in read(api, "task", moment_id)["task_list"]] == [MA]


def test_job_takes_its_time_and_jobs_are_limited(api: Api) -> None:
    api.control("switches", {"moment_job_s": 100, "moment_jobs_at_once": 1})
    jobid = order(api)["jobid"]
    path = "externalcontact/get_moment_task_result"
    assert api.get(path, jobid=jobid)["status"] == 1
    assert order(api)["errcode"] == 41078
    api.control("clock", {"advance_seconds": 60})
    assert "result" not in (half := api.get(path, jobid=jobid))
    assert half["status"] == 2
    api.control("clock", {"advance_seconds": 60})
    assert api.get(path, jobid=jobid)["status"] == 3
    assert api.get(path, jobid="none")["errcode"] == 40058


def test_dispatching_moment_is_41079(api: Api) -> None:
    api.control("switches", {"dispatch_delay_s": 50})
    moment_id = ordered(api)
    assert read(api, "task", moment_id)["errcode"] == 41079
    assert "下发" in api.refused("publish_moment", moment_id=moment_id, userid=LIN)


def test_cancelling_stops_the_unpublished_part_only(api: Api) -> None:
    api.befriend()
    moment_id = ordered(api, **to(LIN, ZHOU))
    api.act("publish_moment", moment_id=moment_id, userid=LIN)
    body = {"moment_id": moment_id}
    assert api.post("externalcontact/cancel_moment_task", body)["errcode"] == 0
    assert "停止" in api.refused("publish_moment", moment_id=moment_id, userid=ZHOU)
    assert len(api.control(f"state/timeline/{CHEN}")["moments"]) == 1


BAD_CONTENTS: list[tuple[Any, ...]] = [
    ({"text": {"content": ""}}, 41089),
    ({"text": {"content": "字" * 2001}}, 40058),
    ({"text": {"content": "字" * 1400}}, 40058),
    ({"attachments": [{"msgtype": "file", "file": {"media_id": "x"}}]}, 41065),
    ({"attachments": [{"msgtype": "image", "image": {"media_id": "x"}}]}, 40007),
    ({"attachments": [{"msgtype": "video", "video": {}}]}, 41006),
    ({"attachments": [{"msgtype": "image"}, {"msgtype": "link"}]}, 41065),
    ({"attachments": [{"msgtype": "image", "image": {}}] * 10}, 41064),
    ({"attachments": [{"msgtype": "link", "link": {"title": "题" * 22, "url": "u"}}]}, 40058),
]


def test_contents_are_checked(api: Api) -> None:
    for more, errcode in BAD_CONTENTS:
        assert order(api, **more)["errcode"] == errcode, more


def test_pictures_come_from_the_moments_upload(api: Api) -> None:
    answer = attach(api)
    assert isinstance(answer["created_at"], int)
    mine = [{"msgtype": "image", "image": {"media_id": answer["media_id"]}}]
    assert order(api, attachments=mine)["errcode"] == 0
    product = [{"msgtype": "image", "image": {"media_id": attach(api, scene="2")["media_id"]}}]
    assert order(api, attachments=product)["errcode"] == 41072
    sent = {"sender": LIN, "attachments": mine}
    assert api.post("externalcontact/add_msg_template", sent)["errcode"] == 40007


def test_attachment_uploads_are_checked(api: Api) -> None:
    film = b"\0\0\0\x18ftypmp42" + b"\0" * 8 + b"mvhd\0\0\0\0" + b"\0" * 8
    film += (1000).to_bytes(4, "big") + (31_000).to_bytes(4, "big") + b"\0" * 20
    wide = png()[:16] + (20_000).to_bytes(4, "big") + png()[20:]
    assert attach(api, film, kind="video")["errcode"] == 41082
    assert attach(api, b"no film at all", kind="video")["errcode"] == 41090
    assert attach(api, wide)["errcode"] == 41081
    assert attach(api, b"\x89PNG\r\n\x1a\ncut")["errcode"] == 40123
    assert attach(api, b"tiny")["errcode"] == 41080
    assert attach(api, kind="file")["errcode"] == 40005
    assert attach(api, scene="3")["errcode"] == 40058


def test_list_holds_the_corps_and_the_members_moments(api: Api) -> None:
    corp = ordered(api)
    own = api.act("personal_moment", userid=ZHOU, text="今天店里很热闹")["moment_id"]
    now = int(time.time())
    span = {"start_time": now - 60, "end_time": now + 60}
    path = "externalcontact/get_moment_list"
    by_id = {each["moment_id"]: each for each in api.post(path, span)["moment_list"]}
    assert (by_id[corp]["create_type"], "creator" in by_id[corp]) == (0, False)
    assert (by_id[own]["create_type"], by_id[own]["creator"]) == (1, ZHOU)
    for more, expected in (
        ({"filter_type": 0}, [corp]),
        ({"filter_type": 1}, [own]),
        ({"creator": ZHOU.upper()}, [own]),
    ):
        got = api.post(path, span | more)["moment_list"]
        assert [each["moment_id"] for each in got] == expected
    first = api.post(path, span | {"limit": 1})
    second = api.post(path, span | {"limit": 1, "cursor": first["next_cursor"]})
    assert second["next_cursor"] == ""
    assert read(api, "task", own)["errcode"] == 41067
    api.act("delete_moment", moment_id=own, userid=ZHOU)
    assert len(api.post(path, span)["moment_list"]) == 1
    too_long = {"start_time": now - 31 * 86400, "end_time": now}
    assert api.post(path, too_long)["errcode"] == 600018


def test_comments_are_told_without_their_text(api: Api) -> None:
    api.befriend()
    moment_id = ordered(api, **to(LIN))
    api.act("publish_moment", moment_id=moment_id, userid=LIN)
    api.act("like_moment", moment_id=moment_id, userid=LIN, customer=CHEN)
    api.act("comment_moment", moment_id=moment_id, userid=LIN, customer=CHEN, text="好看")
    api.act("comment_moment", moment_id=moment_id, userid=LIN, text="谢谢")
    assert "看不到" in api.refused("like_moment", moment_id=moment_id, userid=LIN, customer=WU)
    got = read(api, "comments", moment_id)
    assert [sorted(each) for each in got["comment_list"]] == [
        ["create_time", "external_userid"],
        ["create_time", "userid"],
    ]
    assert got["like_list"][0]["external_userid"] == CHEN
    assert read(api, "comments", moment_id, ZHOU)["errcode"] == 41061
    assert read(api, "comments", "momX")["errcode"] == 41060
    assert read(api, "comments", "")["errcode"] == 41059


def test_customer_sees_so_many_corp_moments_a_month(api: Api) -> None:
    api.befriend()
    moment_id = ""
    for expected in (1, 1, 1, 1, 0):
        moment_id = ordered(api, **to(LIN))
        published = api.act("publish_moment", moment_id=moment_id, userid=LIN)
        assert published["reached"] == expected
    assert read(api, "customer_list", moment_id)["customer_list"]
    assert read(api, "send_result", moment_id)["customer_list"] == []
    api.control("switches", {"moment_quota": "off"})
    moment_id = ordered(api, **to(LIN))
    assert api.act("publish_moment", moment_id=moment_id, userid=LIN)["reached"] == 1


def test_members_own_mass_sends_are_listed(api: Api) -> None:
    api.befriend()
    sent = api.act("personal_mass_send", userid=LIN, text="周末有活动", customers=[CHEN])
    assert sent["sent"] == 1
    again = api.act("personal_mass_send", userid=LIN, text="再说一遍", customers=[CHEN])
    assert again["over_quota"] == 1
    now = int(time.time())
    body = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60}
    path = "externalcontact/get_groupmsg_list_v2"
    listed = api.post(path, body | {"filter_type": 1})["group_msg_list"]
    assert {(each["create_type"], each["creator"]) for each in listed} == {(1, LIN)}
    assert api.post(path, body | {"filter_type": 0})["group_msg_list"] == []
    row = {"msgid": sent["msgid"], "userid": LIN}
    got = api.post("externalcontact/get_groupmsg_send_result", row)["send_list"]
    assert [(each["external_userid"], each["status"]) for each in got] == [(CHEN, 1)]
