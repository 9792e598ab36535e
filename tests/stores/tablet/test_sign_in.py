"""Coming in by PIN and by WeCom, being locked out, and going only where we send her."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axes.models import AccessAttempt
from django.conf import settings as house
from django.test import Client
from django.urls import reverse

from stores.org.access import actor_of
from stores.org.actions import set_pin
from stores.org.models import Account, Guide
from tests.cast import Cast
from tests.sandbox import Sandbox

SIGN_IN = "/tablet/sign-in/"


@pytest.fixture
def lin(cast: Cast) -> Guide:
    set_pin(cast.lin, pin="246810", by=actor_of(cast.hq))
    return cast.lin


def try_pin(client: Client, pin: str, number: str = "G001", **more: str) -> int:
    form = {"employee_no": number, "pin": pin, **more}
    return client.post(SIGN_IN, form).status_code


def is_in(client: Client) -> bool:
    return client.get("/tablet/settings/").status_code == 200


# ---------------------------------------------------------------- PIN


def test_number_and_pin_open_the_ipad(client: Client, lin: Guide) -> None:
    answer = client.post(SIGN_IN, {"employee_no": " g001 ", "pin": "246810"})
    assert (answer.status_code, answer["Location"]) == (302, "/tablet/")
    assert is_in(client)


def test_an_unknown_number_and_a_wrong_pin_answer_alike(client: Client, lin: Guide) -> None:
    wrong = client.post(SIGN_IN, {"employee_no": "G001", "pin": "135791"})
    unknown = client.post(SIGN_IN, {"employee_no": "G999", "pin": "135791"})
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.context["pin_fault"] == unknown.context["pin_fault"]
    assert not is_in(client)


def test_a_guide_without_a_pin_has_no_empty_one(client: Client, cast: Cast) -> None:
    assert try_pin(client, "") == 403


def test_who_left_does_not_come_in(client: Client, lin: Guide) -> None:
    Account.objects.filter(pk=lin.account_id).update(is_active=False)
    assert try_pin(client, "246810") == 403


def test_hqs_password_does_not_pass_for_a_pin(client: Client, cast: Cast) -> None:
    assert (
        client.post(SIGN_IN, {"employee_no": "hq", "pin": "clear-sky-over-the-harbour"}).status_code
        == 403
    )


def test_six_wrong_tries_lock_the_name_and_not_the_shop(
    client: Client, lin: Guide, cast: Cast
) -> None:
    set_pin(cast.zhou, pin="975310", by=actor_of(cast.hq))
    answers = [try_pin(client, "000001") for _ in range(6)]
    assert answers[-1] == 429
    assert try_pin(client, "246810") == 429
    assert not is_in(client)
    assert try_pin(client, "975310", number="G002") == 302


def test_what_was_typed_is_kept_nowhere(client: Client, lin: Guide) -> None:
    try_pin(client, "918273")
    kept = "".join(f"{row.get_data}{row.post_data}" for row in AccessAttempt.objects.all())
    assert AccessAttempt.objects.exists()
    assert "918273" not in kept


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/tablet/", "//evil.example/tablet/", "/admin/", "javascript:alert(1)",
     "/\\evil.example", "/tablet/sign-in/", "\t//evil.example", ""],
)  # fmt: skip
def test_she_goes_only_to_our_own_pages(client: Client, lin: Guide, elsewhere: str) -> None:
    answer = client.post(SIGN_IN, {"employee_no": "G001", "pin": "246810", "next": elsewhere})
    assert answer["Location"] == "/tablet/"


def test_she_comes_back_to_the_page_she_asked_for(client: Client, lin: Guide) -> None:
    sent = client.get("/tablet/settings/")
    assert sent["Location"] == f"{SIGN_IN}?next=%2Ftablet%2Fsettings%2F"
    form = {"employee_no": "G001", "pin": "246810", "next": "/tablet/settings/"}
    assert client.post(SIGN_IN, form)["Location"] == "/tablet/settings/"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client: Client, cast: Cast) -> None:
    answer = client.get("/tablet/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, SIGN_IN)


def test_signing_out_ends_the_session(client: Client, lin: Guide) -> None:
    try_pin(client, "246810")
    assert client.get("/tablet/sign-out/").status_code == 405
    client.post("/tablet/sign-out/")
    assert not is_in(client)


def test_an_hq_account_is_told_that_this_is_not_its_place(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/tablet/")
    assert answer.status_code == 403
    assert "/admin/" in answer.content.decode()


# ---------------------------------------------------------------- WeCom


def leave_for_wecom(client: Client, begin: str, follow: str) -> str:
    """Press the button, let WeCom decide as `follow`; the address it sends the browser back to."""
    away = client.get(begin)["Location"]
    assert house.WECOM_LOGIN_BASE_URL in away or house.WECOM_OPEN_BASE_URL in away
    answer = httpx.get(f"{away.split('#')[0]}&as={follow}", follow_redirects=False)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def test_wecoms_web_login_opens_the_ipad_once(client: Client, cast: Cast, wecom: Sandbox) -> None:
    back = leave_for_wecom(client, "/tablet/sign-in/wecom/begin/?next=/tablet/settings/", "LinXiao")
    answer = client.get(back)
    assert (answer.status_code, answer["Location"]) == (302, "/tablet/settings/")
    assert is_in(client)
    assert client.get(back).status_code == 403


def test_the_side_bar_signs_in_without_a_word(client: Client, cast: Cast, wecom: Sandbox) -> None:
    back = leave_for_wecom(client, "/sidebar/sign-in/?next=/sidebar/?chat=1", "LinXiao")
    answer = client.get(back)
    assert answer["Location"] == "/sidebar/?chat=1"
    assert is_in(client)


def test_a_colleague_who_is_no_guide_is_told_so(client: Client, cast: Cast, wecom: Sandbox) -> None:
    Guide.objects.filter(pk=cast.zhou.pk).update(wecom_userid="somebody-else")
    back = leave_for_wecom(client, "/tablet/sign-in/wecom/begin/", "zhouning")
    answer = client.get(back)
    assert answer.status_code == 403
    assert "店长" in answer.context["fault"]
    assert not is_in(client)


def test_a_code_that_wecom_does_not_know_is_refused(
    client: Client, cast: Cast, wecom: Sandbox
) -> None:
    away = client.get("/tablet/sign-in/wecom/begin/")["Location"]
    state = parse_qs(urlsplit(away).query)["state"][0]
    answer = client.get(reverse("tablet-wecom-back"), {"code": "made-up", "state": state})
    assert answer.status_code == 403
    assert not is_in(client)


@pytest.mark.parametrize("state", ["", "0" * 32, "别人的"])
def test_somebody_elses_state_is_refused_before_wecom_is_asked(
    client: Client, cast: Cast, state: str
) -> None:
    client.get("/tablet/sign-in/wecom/begin/")
    answer = client.get(reverse("tablet-wecom-back"), {"code": "abc", "state": state})
    assert answer.status_code == 403
    assert "过期" in answer.context["fault"]


def test_a_state_of_the_ipad_does_not_open_the_side_bar(client: Client, cast: Cast) -> None:
    away = client.get("/tablet/sign-in/wecom/begin/")["Location"]
    state = parse_qs(urlsplit(away).query)["state"][0]
    answer = client.get(reverse("sidebar-sign-in-back"), {"code": "abc", "state": state})
    assert answer.status_code == 403
