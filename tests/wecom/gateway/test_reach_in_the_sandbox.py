"""Moments, files, customer service, staff groups and the archive against the sandbox process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from tests.processes import wait_for
from tests.sandbox import CHEN, GROUP, KF, WU, Sandbox
from tests.wecom.gateway.test_against_the_sandbox import PNG
from wecom.gateway import Agreement, downloads, gateway_of
from wecom.gateway.errors import Gone, GroupUnknown, MediaRefused, RobotRefused
from wecom.sandbox import crypto

ROBOT = {
    "aibotid": "AIBOTdesk",
    "name": "小助手",
    "callback_token": "123456",
    "callback_aes_key": "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
}


def test_a_moment_from_job_to_likes(wecom: Sandbox) -> None:
    gateway = gateway_of()
    before = timezone.now() - timedelta(hours=1)
    picture = gateway.upload_attachment("image", "a.png", PNG)
    jobid = gateway.create_moment(
        "上新", [{"kind": "image", "media_id": picture}], userids=["linxiao", "nobody"]
    )
    job = gateway.moment_job(jobid)
    assert (job.state, job.code) == ("done", 0)
    assert job.invalid_userids == ("nobody",)
    (task,) = gateway.moment_tasks(job.moment_id)
    assert (task.userid, task.is_published) == ("linxiao", False)
    assert gateway.moment_audience(job.moment_id, "linxiao") == [CHEN]
    wecom.act("publish_moment", moment_id=job.moment_id, userid="LinXiao")
    wecom.act("like_moment", moment_id=job.moment_id, userid="LinXiao", customer=CHEN)
    wecom.act(
        "comment_moment",
        moment_id=job.moment_id,
        userid="LinXiao",
        customer=CHEN,
        text="好看",
    )
    assert gateway.moment_viewers(job.moment_id, "linxiao") == [CHEN]
    found = gateway.moment_comments(job.moment_id, "linxiao")
    assert [one.id for one in found.likes] == [CHEN]
    assert [one.id for one in found.comments] == [CHEN]
    until = timezone.now() + timedelta(hours=1)
    (moment,) = gateway.moments_between(before, until, kind="corp")
    assert (moment.moment_id, moment.text, moment.is_personal) == (job.moment_id, "上新", False)


def test_a_moment_is_stopped_before_it_is_published(wecom: Sandbox) -> None:
    gateway = gateway_of()
    job = gateway.moment_job(gateway.create_moment("上新", userids=["linxiao"]))
    gateway.cancel_moment(job.moment_id)
    with pytest.raises(Gone):
        gateway.moment_tasks("momNobody")


def test_a_large_file_comes_back_in_pieces(wecom: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_PIECE", 1000)
    gateway = gateway_of()
    content = b"%PDF-1.7 " + bytes(range(256)) * 9
    media_id = gateway.upload_media("file", "价目.pdf", content)
    assert gateway.media(media_id) == content
    assert len(wecom.calls("media/get")) == 3
    with pytest.raises(MediaRefused) as caught:
        gateway.media("made-up")
    assert "3 天" in caught.value.advice
    assert gateway.upload_picture("a.png", PNG).startswith("http")


def test_a_file_that_is_json_is_a_file(wecom: Sandbox) -> None:
    content = b'{"errcode": 40007, "errmsg": "not an error but a file"}'
    media_id = gateway_of().upload_media("file", "a.json", content)
    assert gateway_of().media(media_id) == content


def test_a_card_is_sent_changed_and_taken_back(wecom: Sandbox) -> None:
    gateway = gateway_of()
    card = {
        "card_type": "button_interaction",
        "task_id": "task-1",
        "main_title": {"title": "待回复", "desc": "陈静"},
        "button_list": [{"text": "已处理", "key": "done", "style": 1}],
    }
    receipt = gateway.send_app_card(["linxiao"], card)
    assert receipt.response_code
    assert gateway.update_card(["linxiao"], receipt.response_code, button="已处理") == []
    with pytest.raises(Gone):
        gateway.update_card(["linxiao"], receipt.response_code, button="已处理")
    gateway.recall_app_message(receipt.msgid)
    media_id = gateway.upload_media("image", "a.png", PNG)
    assert gateway.send_app_media(["linxiao"], "image", media_id).msgid


def test_customer_service_is_set_up(wecom: Sandbox) -> None:
    gateway = gateway_of()
    avatar = gateway.upload_image("a.png", PNG)
    made = gateway.create_kf_account("售后", avatar)
    gateway.update_kf_account(made, name="售后客服")
    assert {one.name for one in gateway.kf_accounts()} >= {"在线客服", "售后客服"}
    refused = gateway.add_kf_servicers(made, ["zhouning", "nobody"])
    assert [one.userid for one in refused] == ["nobody"]
    (servicer,) = gateway.kf_servicers(made)
    assert (servicer.userid, servicer.is_serving) == ("zhouning", True)
    assert gateway.remove_kf_servicers(made, ["zhouning"]) == []
    assert gateway.kf_link(KF, "door").startswith("http")
    gateway.delete_kf_account(made)
    assert "售后客服" not in {one.name for one in gateway.kf_accounts()}


def test_a_customer_of_customer_service_is_greeted_and_handed_on(wecom: Sandbox) -> None:
    gateway = gateway_of()
    wecom.act("kf_enter", customer=WU, open_kfid=KF, scene="door")
    page = gateway.kf_messages(KF)
    (entered,) = [one for one in page.messages if one.event == "enter_session"]
    assert gateway.answer_kf_event(entered.raw["event"]["welcome_code"], "您好")
    wecom.act("kf_chat", customer=WU, open_kfid=KF, text="在吗")
    (card,) = gateway.kf_customers([WU], with_session=True)
    assert (card.external_userid, card.name) == (WU, "吴桐")
    gateway.move_kf_session(KF, WU, "waiting")
    assert gateway.kf_state(KF, WU).state == "waiting"
    wecom.act("kf_upgrade_range", member_range={"userid_list": ["LinXiao"]})
    assert gateway.kf_upgrade_range().userids == ("linxiao",)
    gateway.offer_guide(KF, WU, "linxiao", "加我好友")
    gateway.withdraw_offer(KF, WU)


def test_the_built_in_answers(wecom: Sandbox) -> None:
    gateway = gateway_of()
    shelf = gateway.create_kf_knowledge_group("营业")
    gateway.rename_kf_knowledge_group(shelf, "时间")
    assert "时间" in {one.name for one in gateway.kf_knowledge_groups()}
    made = gateway.create_kf_knowledge(shelf, "几点关门", "22 点", ["营业时间"])
    gateway.update_kf_knowledge(made, "几点关门", "21 点")
    (found,) = gateway.kf_knowledge(shelf)
    assert (found.id, found.question, found.answer) == (made, "几点关门", "21 点")
    gateway.delete_kf_knowledge(made)
    assert gateway.kf_knowledge(shelf) == []
    gateway.delete_kf_knowledge_group(shelf)


def test_staff_are_spoken_to_in_a_group(wecom: Sandbox) -> None:
    gateway = gateway_of()
    made = gateway.create_staff_group("店长群", ["linxiao", "zhouning"], chat_id="managers1")
    assert made == "managers1"
    gateway.update_staff_group(made, name="店长")
    found = gateway.staff_group(made)
    assert (found.name, set(found.userids)) == ("店长", {"linxiao", "zhouning"})
    gateway.say_in_staff_group(made, "早会 9 点")
    gateway.say_in_staff_group(made, "请看", url="https://example.com", title="早会")
    said = wecom.get(f"state/appchat/{made}")["messages"]
    assert [one["content"]["msgtype"] for one in said] == ["text", "textcard"]
    with pytest.raises(GroupUnknown):
        gateway.staff_group("nowhere")


def test_a_robot_behind_a_webhook(wecom: Sandbox) -> None:
    gateway = gateway_of()
    chat = gateway.create_staff_group("播报", ["linxiao", "zhouning"])
    key = wecom.act("create_webhook", chatid=chat, name="播报")["key"]
    gateway.say_by_webhook(key, "今日目标", mention=["@all"])
    gateway.say_by_webhook(key, "**今日目标**", is_markdown=True)
    gateway.show_by_webhook(key, PNG)
    gateway.hand_by_webhook(key, "目标.pdf", b"%PDF-1.7 ...")
    said = wecom.get(f"state/webhook/{key}")["messages"]
    assert [one["content"]["msgtype"] for one in said] == ["text", "markdown", "image", "file"]
    with pytest.raises(RobotRefused) as caught:
        gateway.say_by_webhook("00000000-0000-0000-0000-000000000000", "喂")
    assert key not in str(caught.value)


@contextmanager
def _a_quiet_robot(letters: list[dict[str, Any]]) -> Iterator[str]:
    """A robot's server that keeps each letter and answers none."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sealed = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["encrypt"]
            letters.append(json.loads(crypto.decrypt(ROBOT["callback_aes_key"], sealed, "")))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/robot"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_robot_answers_through_the_address_it_was_given(wecom: Sandbox) -> None:
    letters: list[dict[str, Any]] = []
    with _a_quiet_robot(letters) as url:
        wecom.post("seed", robots=[{**ROBOT, "callback_url": url}])
        wecom.act("aibot_say", aibotid="AIBOTdesk", userid="LinXiao", text="查库存")
        wait_for(lambda: bool(letters), "the robot's letter")
    gateway_of().answer_as_robot(letters[0]["response_url"], "**3 件**")
    said = wecom.get("state/aibot/AIBOTdesk")
    assert "3 件" in str(said)
    with pytest.raises(Gone):
        gateway_of().answer_as_robot(letters[0]["response_url"], "**3 件**")


def test_who_agreed_to_the_archive(wecom: Sandbox) -> None:
    gateway = gateway_of()
    assert gateway.permit_users() == ["linxiao"]
    wecom.act("archive_consent", customer=WU, agree=False)
    found = gateway.single_agreements([("linxiao", CHEN), ("linxiao", WU)])
    assert [(one.external_userid, one.state) for one in found] == [
        (CHEN, "agreed"),
        (WU, "refused"),
    ]
    rooms: list[Agreement] = gateway.room_agreements(GROUP)
    assert CHEN in {one.external_userid for one in rooms}
    with pytest.raises(MediaRefused):
        gateway.archived_media("sdkNobody")
