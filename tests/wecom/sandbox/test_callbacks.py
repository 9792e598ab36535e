"""Delivery of callbacks: sealed afresh, on time, again when refused, and spoiled on demand."""

from __future__ import annotations

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, LIN, ZHOU, Api


def wait_until_settled(api: Api) -> list[dict[str, object]]:
    """All delivery attempts, once none is waiting or under way."""
    while True:
        rows: list[dict[str, object]] = api.control("deliveries")["deliveries"]
        if rows and all(row["state"] not in ("waiting", "sending") for row in rows):
            return rows


def test_refused_callback_comes_again_with_the_same_inside(
    heard_api: Api, receiver: Receiver
) -> None:
    receiver.statuses = [500, 404]
    heard_api.befriend()
    tries = receiver.wait_for(3)
    assert len({each.inner_xml for each in tries}) == 1
    assert len({each.query["nonce"] for each in tries}) == 3
    assert len({each.query["msg_signature"] for each in tries}) == 3
    assert all(each.query["app"] == "guide" for each in tries)
    rows = wait_until_settled(heard_api)
    assert [(row["attempt"], row["state"], row["http_status"]) for row in rows[::-1]] == [
        (1, "failed", 500),
        (2, "failed", 404),
        (3, "delivered", 200),
    ]


def test_after_three_repetitions_it_gives_up(heard_api: Api, receiver: Receiver) -> None:
    receiver.statuses = [503] * 10
    heard_api.befriend()
    receiver.wait_for(4)
    assert len(wait_until_settled(heard_api)) == 4
    assert len(receiver.received) == 4


def test_slow_receiver_is_cut_off_and_gets_it_again(heard_api: Api, receiver: Receiver) -> None:
    heard_api.control("switches", {"callback_deadline_s": 0.2})
    receiver.delays = [1.0]
    heard_api.befriend()
    receiver.wait_for(2)
    rows = wait_until_settled(heard_api)
    assert rows[-1]["error"] == "no answer in time"
    assert rows[0]["state"] == "delivered"


def test_every_callback_may_come_twice(heard_api: Api, receiver: Receiver) -> None:
    heard_api.control("switches", {"duplicate_probability": 1.0})
    heard_api.befriend()
    first, second = receiver.wait_for(2)
    assert first.inner_xml == second.inner_xml


def test_callbacks_may_get_lost(heard_api: Api, receiver: Receiver) -> None:
    heard_api.control("switches", {"drop_probability": 1.0})
    heard_api.befriend()
    heard_api.control("switches", {"drop_probability": 0.0})
    heard_api.befriend(ZHOU)
    assert receiver.wait_for(1)[0].event["UserID"] == ZHOU
    states = {row["state"] for row in wait_until_settled(heard_api)}
    assert states == {"dropped", "delivered"}


def test_event_can_be_sent_again(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    receiver.wait_for(1)
    event_id = heard_api.control("deliveries")["deliveries"][0]["event_id"]
    heard_api.control("deliveries/replay", {"event_id": event_id})
    first, second = receiver.wait_for(2)
    assert first.inner_xml == second.inner_xml


def test_archive_is_announced_at_most_once_per_interval(heard_api: Api, receiver: Receiver) -> None:
    heard_api.control("switches", {"msgaudit_interval_s": 0.6})
    heard_api.befriend()

    def notes(many: int) -> list[float]:
        found = receiver.wait_for(many, lambda each: each.event["Event"] == "msgaudit_notify")
        return [each.at for each in found]

    heard_api.act("chat", **{"from": CHEN, "to": LIN, "text": "一"})
    notes(1)
    for text in "二三四":
        heard_api.act("chat", **{"from": CHEN, "to": LIN, "text": text})
    first, second = notes(2)
    assert second - first > 0.5
    data = heard_api.post("msgaudit/chatdata", {"seq": 0, "limit": 100})["chatdata"]
    assert [row["message"]["text"]["content"] for row in data] == list("一二三四")


def test_unknown_characters_survive_the_xml(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend(state="a]]>b<c&d")
    assert receiver.wait_for(1)[0].event["State"] == "a]]>b<c&d"
