"""Contact-me codes, new friends, welcomes, and their callbacks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, GUIDE_SECRET, LIN, MA, OTHER_SECRET, ZHOU, Api, seed_of

WAY = {"type": 1, "scene": 2, "user": [LIN], "state": "poster_7", "skip_verify": True}


def make_way(api: Api, **more: object) -> str:
    answer = api.post("externalcontact/add_contact_way", WAY | more)
    assert answer["errcode"] == 0, answer
    return str(answer["config_id"])


def test_scanning_a_code_makes_friends_and_tells_the_application(
    heard_api: Api, receiver: Receiver
) -> None:
    config_id = make_way(heard_api)
    answer = heard_api.act("scan_contact_way", config_id=config_id, customer=CHEN)
    assert (answer["userid"], answer["state"], answer["already"]) == (LIN, "poster_7", False)
    event = receiver.wait_for(1)[0].event
    assert event["Event"] == "change_external_contact"
    assert event["ChangeType"] == "add_external_contact"
    assert (event["UserID"], event["ExternalUserID"]) == (LIN, CHEN)
    assert event["State"] == "poster_7"
    assert event["WelcomeCode"]
    detail = heard_api.get("externalcontact/get", external_userid=CHEN)
    assert detail["external_contact"]["unionid"].startswith("o")
    follow = detail["follow_user"][0]
    assert (follow["userid"], follow["state"], follow["add_way"]) == (LIN, "poster_7", 1)
    assert follow["oper_userid"] == CHEN


def test_scanning_twice_changes_nothing(heard_api: Api, receiver: Receiver) -> None:
    config_id = make_way(heard_api)
    heard_api.act("scan_contact_way", config_id=config_id, customer=CHEN)
    assert heard_api.act("scan_contact_way", config_id=config_id, customer=CHEN)["already"]
    heard_api.act("delete_guide", customer=CHEN, userid=LIN)
    kinds = [each.event["ChangeType"] for each in receiver.wait_for(2)]
    assert sorted(kinds) == ["add_external_contact", "del_follow_user"]


def test_code_shows_a_picture_that_stands_for_the_landing_page(api: Api) -> None:
    answer = api.post("externalcontact/add_contact_way", WAY)
    assert answer["qr_code"] == f"http://shop.example/sandbox/qr/{answer['config_id']}.png"
    way = api.post("externalcontact/get_contact_way", {"config_id": answer["config_id"]})
    assert way["contact_way"]["state"] == "poster_7"
    assert "qr_code" not in api.post("externalcontact/add_contact_way", WAY | {"scene": 1})


def test_contact_way_checks_what_it_is_given(api: Api) -> None:
    def code(**change: object) -> object:
        body = {key: value for key, value in (WAY | change).items() if value is not None}
        return api.post("externalcontact/add_contact_way", body)["errcode"]

    assert code(type=None) == 41037
    assert code(type=3) == 41039
    assert code(scene=None) == 41038
    assert code(scene=7) == 41040
    assert code(style=9) == 41042
    assert code(state="x" * 31) == 40058
    assert code(user=[LIN, ZHOU]) == 40058
    assert code(user="lin") == 40058
    assert code(user=["nobody"]) == 60011
    assert api.post("externalcontact/get_contact_way", {})["errcode"] == 41043
    assert api.post("externalcontact/get_contact_way", {"config_id": "f" * 32})["errcode"] == 41044


def test_multi_code_takes_turns_over_a_department(api: Api) -> None:
    config_id = make_way(api, type=2, user=[], party=[2])
    for number in range(2):
        customer = api.act("create_customer")["customer"]["external_userid"]
        answer = api.act("scan_contact_way", config_id=config_id, customer=customer)
        assert answer["userid"] == (LIN, ZHOU)[number]


def test_code_with_verification_waits_for_the_guide(heard_api: Api, receiver: Receiver) -> None:
    config_id = make_way(heard_api, skip_verify=False)
    assert heard_api.act("scan_contact_way", config_id=config_id, customer=CHEN)["waiting"]
    assert heard_api.get("externalcontact/list", userid=LIN)["errcode"] == 84061
    heard_api.act("accept_friend", userid=LIN, customer=CHEN)
    assert receiver.wait_for(1)[0].event["State"] == "poster_7"
    assert heard_api.get("externalcontact/list", userid=LIN)["external_userid"] == [CHEN]


def test_deleted_code_leads_nowhere(api: Api) -> None:
    config_id = make_way(api)
    assert api.post("externalcontact/del_contact_way", {"config_id": config_id})["errcode"] == 0
    assert "失效" in api.refused("scan_contact_way", config_id=config_id, customer=CHEN)


def test_welcome_goes_out_once(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    code = receiver.wait_for(1)[0].event["WelcomeCode"]
    body = {"welcome_code": code, "text": {"content": "你好，我是林晓"}}
    assert heard_api.post("externalcontact/send_welcome_msg", body)["errcode"] == 0
    assert heard_api.post("externalcontact/send_welcome_msg", body)["errcode"] == 41051
    messages = heard_api.control(f"state/customer/{CHEN}")["messages"]
    assert [m["content"]["text"]["content"] for m in messages if m["source"] == "welcome"] == [
        "你好，我是林晓"
    ]


def test_welcome_too_late_or_unknown_is_41050(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    code = receiver.wait_for(1)[0].event["WelcomeCode"]
    text = {"content": "你好"}

    def send(code: str) -> object:
        body = {"welcome_code": code, "text": text}
        return heard_api.post("externalcontact/send_welcome_msg", body)["errcode"]

    assert send("made-up") == 41050
    assert send("") == 41049
    heard_api.control("clock", {"advance_seconds": 21})
    assert send(code) == 41050


def test_welcome_after_the_first_words_is_41051(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    code = receiver.wait_for(1)[0].event["WelcomeCode"]
    heard_api.act("chat", **{"from": CHEN, "to": LIN, "text": "在吗"})
    body = {"welcome_code": code, "text": {"content": "你好"}}
    assert heard_api.post("externalcontact/send_welcome_msg", body)["errcode"] == 41051


def test_two_applications_have_two_codes_and_one_winner(empty_api: Api, receiver: Receiver) -> None:
    seed = seed_of(receiver.url)
    seed["apps"][1] |= {
        key: seed["apps"][0][key] for key in ("callback_url", "callback_token", "callback_aes_key")
    }
    empty_api.control("seed", seed)
    empty_api.control("switches", {"welcome_send_s": 0.4})
    empty_api.befriend()
    codes = {each.event["WelcomeCode"] for each in receiver.wait_for(2)}
    assert len(codes) == 2
    owners = {}
    for delivery in empty_api.control("deliveries")["deliveries"]:
        for code in codes:
            if code in delivery["inner_xml"]:
                owners[code] = GUIDE_SECRET if delivery["agent_id"] == 1000002 else OTHER_SECRET

    def send(code: str) -> object:
        body = {"welcome_code": code, "text": {"content": "你好"}}
        return empty_api.post("externalcontact/send_welcome_msg", body, secret=owners[code])[
            "errcode"
        ]

    for secret in (GUIDE_SECRET, OTHER_SECRET):
        empty_api.token(secret)
    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip(codes, pool.map(send, codes), strict=True))
    assert sorted(answers.values()) == [0, 41096]
    loser = next(code for code in codes if answers[code] == 41096)
    assert send(loser) == 41051


def test_api_made_changes_are_silent(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    receiver.wait_for(1)
    body = {"userid": LIN, "external_userid": CHEN, "remark": "陈小姐", "remark_mobiles": ["138"]}
    assert heard_api.post("externalcontact/remark", body)["errcode"] == 0
    tag = heard_api.post("externalcontact/get_corp_tag_list")["tag_group"][0]["tag"][0]
    mark = {"userid": LIN, "external_userid": CHEN, "add_tag": [tag["id"]]}
    assert heard_api.post("externalcontact/mark_tag", mark)["errcode"] == 0
    follow = heard_api.get("externalcontact/get", external_userid=CHEN)["follow_user"][0]
    assert (follow["remark"], follow["remark_mobiles"]) == ("陈小姐", ["138"])
    assert follow["tags"][0]["tag_name"] == tag["name"]
    heard_api.act("edit_customer", userid=LIN, customer=CHEN, description="爱穿红色")
    kinds = [each.event["ChangeType"] for each in receiver.wait_for(2)]
    assert kinds == ["add_external_contact", "edit_external_contact"]


def test_customer_who_deleted_the_guide_is_still_answered(api: Api) -> None:
    api.befriend()
    api.act("delete_guide", customer=CHEN, userid=LIN)
    assert api.get("externalcontact/list", userid=LIN)["external_userid"] == [CHEN]
    assert api.get("externalcontact/get", external_userid=CHEN)["errcode"] == 0
    assert "好友" in api.refused("chat", **{"from": LIN, "to": CHEN, "text": "在吗"})


def test_guide_who_deleted_the_customer_has_no_relation(api: Api) -> None:
    api.befriend()
    api.act("delete_customer", userid=LIN, customer=CHEN)
    assert api.get("externalcontact/get", external_userid=CHEN)["errcode"] == 84061
    body = {"userid": LIN, "external_userid": CHEN, "remark": "x"}
    assert api.post("externalcontact/remark", body)["errcode"] == 84061


def test_list_of_a_guide_without_customers_is_84061(api: Api) -> None:
    assert api.get("externalcontact/list", userid=MA)["errcode"] == 84061
    assert api.get("externalcontact/list", userid="nobody")["errcode"] == 60111
    assert api.get("externalcontact/list", userid="bad id!")["errcode"] == 40003


def test_unknown_customers_are_40096(api: Api) -> None:
    assert api.get("externalcontact/get", external_userid="wmNobody")["errcode"] == 40096
    assert api.get("externalcontact/get")["errcode"] == 41035


def test_userids_are_case_blind(api: Api) -> None:
    api.befriend(userid="ZHOU.2")
    answer = api.get("externalcontact/list", userid="zhou.2")
    assert answer["external_userid"] == [CHEN]
    follow = api.get("externalcontact/get", external_userid=CHEN)["follow_user"][0]
    assert follow["userid"] == ZHOU


def test_unionid_needs_the_binding(empty_api: Api) -> None:
    empty_api.control("seed", seed_of(open_platform_bound=False))
    empty_api.befriend()
    contact = empty_api.get("externalcontact/get", external_userid=CHEN)["external_contact"]
    assert "unionid" not in contact


def test_batch_gives_a_row_per_pair_by_cursor(api: Api) -> None:
    for _ in range(5):
        customer = api.act("create_customer")["customer"]["external_userid"]
        for userid in (LIN, ZHOU):
            api.befriend(userid, customer)
    pairs, cursor = [], ""
    while True:
        body = {"userid_list": [ZHOU, LIN], "cursor": cursor, "limit": 4}
        answer = api.post("externalcontact/batch/get_by_user", body)
        pairs += [
            (row["follow_info"]["userid"], row["external_contact"]["external_userid"])
            for row in answer["external_contact_list"]
        ]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert len(pairs) == len(set(pairs)) == 10
    body = {"userid_list": [LIN], "cursor": "nonsense"}
    assert api.post("externalcontact/batch/get_by_user", body)["errcode"] == 50100


def test_range_hides_members(empty_api: Api) -> None:
    seed = seed_of()
    seed["apps"][1]["visible_departments"] = [3]
    empty_api.control("seed", seed)
    empty_api.befriend(LIN)
    assert empty_api.get("user/get", userid=LIN, secret=OTHER_SECRET)["errcode"] == 60111
    assert empty_api.get("user/get", userid=MA, secret=OTHER_SECRET)["name"] == "马超"
    answer = empty_api.get("externalcontact/get", external_userid=CHEN, secret=OTHER_SECRET)
    assert answer["errcode"] == 84084
    follow = empty_api.get("externalcontact/get_follow_user_list", secret=OTHER_SECRET)
    assert follow["follow_user"] == [MA]


def test_app_without_contact_permission_is_48002(empty_api: Api) -> None:
    seed = seed_of()
    seed["apps"][1]["callable_contacts"] = False
    empty_api.control("seed", seed)
    answer = empty_api.get("externalcontact/get_follow_user_list", secret=OTHER_SECRET)
    assert answer["errcode"] == 48002
