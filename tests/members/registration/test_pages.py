"""The way over HTTP: what each page asks, what it keeps, and where each fault leads."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw

from kit.fields import shown_id
from members.consent.models import ConsentState, Purpose
from members.identity.models import IdentityKind, Member
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    Registration,
    RegistrationState,
)
from members.registration.qr import qr_of
from members.registration.tablet import address_of_code
from members.rewards.models import Coupon
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast
from tests.members.builders import (
    ITEMS,
    a_channel_code,
    a_notice,
    a_welcome_gift,
    run_handlers,
)
from tests.members.wechat import Phone, WechatWorld

WU = "13911112222"
WECHAT = "Mozilla/5.0 MicroMessenger/8.0"
MEMBER_PAGE_BYTES = 100_000


@pytest.fixture
def code(cast: Cast) -> ChannelCode:
    a_notice(cast.entity)
    a_welcome_gift(cast.entity)
    return a_channel_code(cast.lin)


def address(code: ChannelCode) -> str:
    return reverse("member-join", args=[code.token])


def agree(client: Client, code: ChannelCode, *ticked: str, agent: str = "") -> str:
    """Open the page, tick, go on; where she is sent."""
    page = client.get(address(code)).content.decode()
    notice = re.search(r'name="notice" value="([^"]+)"', page)
    assert notice is not None
    answer = client.post(
        reverse("member-agree", args=[code.token]),
        {"notice": notice.group(1), "permission": list(ticked)},
        headers={"user-agent": agent},
    )
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def join(
    client: Client,
    code: ChannelCode,
    phone: Phone,
    number: str = WU,
    *ticked: str,
    ends_at: str = "/m/",
) -> None:
    assert agree(client, code, *ticked) == reverse("member-phone")
    assert client.post(reverse("member-phone"), {"phone": number}).status_code == 302
    run_handlers()
    answer = client.post(reverse("member-code"), {"code": phone.last_code(f"+86{number}")})
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == ends_at


def test_nothing_is_ticked_and_refusing_is_one_tap(client: Client, code: ChannelCode) -> None:
    page = client.get(address(code)).content.decode()
    switches = re.findall(r'<input type="checkbox"[^>]*>', page)
    assert len(switches) == len(ITEMS)
    assert not any("checked" in switch for switch in switches)
    for part in ("晴川服饰有限公司", "手机号", "3 年", "撤回", "先不了", "林晓"):
        assert part in page
    answer = client.post(reverse("member-decline", args=[code.token]))
    assert "没有留下您的任何信息" in answer.content.decode()
    assert Registration.objects.get().state == RegistrationState.DECLINED


def test_the_first_look_keeps_nothing_but_the_scan(client: Client, code: ChannelCode) -> None:
    for _ in range(3):
        assert client.get(address(code)).status_code == 200
    assert Registration.objects.count() == 1
    touch = Touch.objects.get()
    assert (touch.kind, touch.member_no, touch.source) == (
        TouchKind.SCAN,
        None,
        shown_id(code.public_id),
    )


def test_looking_again_later_is_another_scan(client: Client, code: ChannelCode) -> None:
    client.get(address(code))
    Registration.objects.update(opened_at=timezone.now() - timedelta(minutes=31))
    client.get(address(code))
    assert Registration.objects.count() == Touch.objects.count() == 2
    agree(client, code)
    Registration.objects.update(opened_at=timezone.now() - timedelta(minutes=31))
    assert client.get(address(code))["Location"] == reverse("member-phone")


def test_she_joins_in_wechat_and_finds_her_gift(
    client: Client, code: ChannelCode, phone: Phone, wechat: WechatWorld, cast: Cast
) -> None:
    wechat.begin(cast.lin)
    wu = wechat.customer("小吴", "wmWu000000000000000000000000000001")
    there = agree(client, code, Purpose.PROFILING, agent=WECHAT)
    assert there.startswith(f"{wechat.base}/sandbox/connect/oauth2/authorize?")
    back = wechat.allow(there, wu["external_userid"]).removeprefix(settings.PUBLIC_URL)
    for _ in range(2):
        assert client.get(back)["Location"] == reverse("member-phone")
    client.post(reverse("member-phone"), {"phone": WU})
    run_handlers()
    client.post(reverse("member-code"), {"code": phone.last_code(f"+86{WU}")})

    page = client.get(reverse("member-home")).content.decode()
    member = Member.objects.get(identities__kind=IdentityKind.UNIONID)
    assert member.identities.get(kind=IdentityKind.UNIONID).value == wu["unionid"]
    assert member.card_no in page
    assert "入会礼 · 满 300 减 30" in page
    assert "林晓" in page
    held = ConsentState.objects.filter(member=member, is_granted=True)
    assert set(held.values_list("purpose", flat=True)) == {"membership", "profiling"}


def test_without_wechats_word_the_phone_is_enough(
    client: Client, code: ChannelCode, phone: Phone, wechat: WechatWorld, cast: Cast
) -> None:
    wechat.begin(cast.lin)
    there = agree(client, code, agent=WECHAT)
    state = re.search(r"state=([0-9a-f]{32})", there)
    assert state is not None
    refused = client.get(reverse("member-back"), {"state": state.group(1)})
    assert refused["Location"] == reverse("member-phone")
    made_up = client.get(reverse("member-back"), {"state": state.group(1), "code": "made-up"})
    assert made_up["Location"] == reverse("member-phone")
    assert Registration.objects.get().openid is None


def test_somebody_elses_way_back_from_wechat_is_not_taken(
    client: Client, code: ChannelCode, wechat: WechatWorld, cast: Cast
) -> None:
    wechat.begin(cast.lin)
    other = Client()
    there = agree(other, code, agent=WECHAT)
    agree(client, code, agent=WECHAT)
    state = re.search(r"state=([0-9a-f]{32})", there)
    assert state is not None
    answer = client.get(reverse("member-back"), {"state": state.group(1), "code": "x"})
    assert answer["Location"] == address(code)
    stranger = Client().get(reverse("member-back"), {"state": state.group(1), "code": "x"})
    assert stranger.status_code == 410


def test_a_reload_goes_on_where_she_was_and_back_keeps_what_she_chose(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    agree(client, code, Purpose.PROFILING)
    assert client.get(address(code))["Location"] == reverse("member-phone")
    client.post(reverse("member-phone"), {"phone": WU})
    assert client.get(address(code))["Location"] == reverse("member-code")
    page = client.get(f"{address(code)}?again").content.decode()
    assert len(re.findall(r'value="profiling" checked', page)) == 1
    assert Registration.objects.count() == 1


def test_a_wrong_number_a_wrong_code_and_too_many_each_have_their_page(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    agree(client, code)
    wrong = client.post(reverse("member-phone"), {"phone": "139"})
    assert "11 位手机号" in wrong.content.decode()
    assert 'value="139"' in wrong.content.decode()
    client.post(reverse("member-phone"), {"phone": WU})
    run_handlers()
    right = phone.last_code(f"+86{WU}")
    mistyped = client.post(reverse("member-code"), {"code": f"{(int(right) + 1) % 10**6:06d}"})
    assert "还可以试 4 次" in mistyped.content.decode()
    again = client.post(reverse("member-code-again"))
    assert again.status_code == 429
    assert "前面填的都还在" in again.content.decode()
    assert client.post(reverse("member-code"), {"code": right})["Location"] == "/m/"


def test_known_and_unknown_phones_are_answered_alike(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    pages = []
    for number in ("13800000001", WU):
        CodeRequest.objects.all().delete()
        visitor = Client()
        agree(visitor, code)
        sent = visitor.post(reverse("member-phone"), {"phone": number})
        assert (sent.status_code, sent["Location"]) == (302, reverse("member-code"))
        shown = visitor.get(reverse("member-code")).content.decode()
        shown = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", shown)
        pages.append(shown.replace(f"{number[:3]}****{number[-4:]}", "number"))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("token", ["x" * 22, "short", "../../etc"])
def test_a_dead_code_says_so(client: Client, cast: Cast, token: str) -> None:
    if "/" in token:
        assert client.get(f"/q/{token}/").status_code == 404
        return
    answer = client.get(f"/q/{token}/")
    assert answer.status_code == 404
    assert "这个码已经不能用了" in answer.content.decode()


def test_an_ended_code_answers_like_one_that_never_was(client: Client, code: ChannelCode) -> None:
    never = client.get(f"/q/{'x' * 22}/").content
    ChannelCode.objects.update(is_active=False)
    assert client.get(address(code)).content == never


def test_without_a_notice_nothing_is_collected(client: Client, cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    assert client.get(address(code)).status_code == 503
    assert client.post(reverse("member-agree", args=[code.token])).status_code == 503
    assert Registration.objects.get().agreed_at is None


def test_a_notice_that_changed_meanwhile_is_shown_again(
    client: Client, code: ChannelCode, cast: Cast
) -> None:
    page = client.get(address(code)).content.decode()
    old = re.search(r'name="notice" value="([^"]+)"', page)
    assert old is not None
    newer = a_notice(cast.entity)
    answer = client.post(
        reverse("member-agree", args=[code.token]),
        {"notice": old.group(1), "permission": ["profiling"]},
    )
    assert answer.status_code == 400
    assert f"第 {newer.version} 版" in answer.content.decode()
    assert Registration.objects.get().agreed_at is None


def test_a_member_who_scans_again_is_known(
    client: Client, code: ChannelCode, phone: Phone, cast: Cast
) -> None:
    join(client, code, phone)
    page = client.get(address(code)).content.decode()
    assert "您已经是会员" in page
    assert Coupon.objects.count() == 1
    answer = client.post(reverse("member-somebody-else"), {"token": code.token})
    assert answer["Location"] == address(code)
    assert "成为会员" in client.get(address(code)).content.decode()


def test_pages_are_light_and_carry_the_strict_policy(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    sheet = sum(path.stat().st_size for path in _assets())
    join(client, code, phone)
    for place in (address(code), "/m/", "/m/privacy/", f"/notice/{_notice(code)}/"):
        answer = client.get(place)
        assert answer.status_code == 200
        assert len(answer.content) + sheet < MEMBER_PAGE_BYTES
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
    landing = Client().get(address(code))
    assert "frame-ancestors 'self'" in landing["Content-Security-Policy"]
    assert "no-store" in landing["Cache-Control"]


def test_a_post_without_its_csrf_token_is_refused(code: ChannelCode) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get(address(code))
    assert strict.post(reverse("member-agree", args=[code.token])).status_code == 403


def test_the_qr_is_read_back_by_another_reader(code: ChannelCode) -> None:
    drawing = str(qr_of(address_of_code(code)))
    size = re.search(r'viewBox="0 0 (\d+) ', drawing)
    assert size is not None
    scale = 6
    picture = Image.new("L", (int(size.group(1)) * scale,) * 2, 255)
    draw = ImageDraw.Draw(picture)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawing):
        left, top = int(x) * scale, int(y) * scale
        draw.rectangle((left, top, left + int(width) * scale - 1, top + scale - 1), fill=0)
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [address_of_code(code)]


def _assets() -> list[Path]:
    return [*(settings.BASE_DIR / "stores/tablet/static/look").glob("look.css")]


def _notice(code: ChannelCode) -> str:
    return shown_id(code.store.entity.notices.latest("version").public_id)
