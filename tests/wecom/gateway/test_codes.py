"""Every code of WeCom's that can reach us has a meaning, and a sentence that HQ can act upon."""

from __future__ import annotations

import re

import pytest

from tests.wecom.gateway.unwell import Unwell
from wecom.gateway import Retry, WecomError, gateway_of
from wecom.gateway.codes import MEANINGS, advice_of, error_of
from wecom.gateway.errors import PerhapsDone

# The codes of the documents (90313) that concern what we call.
CODES = """
-1 6000 40001 40003 40004 40005 40006 40007 40008 40009 40011 40013 40014 40029 40031 40032 40033
40035 40039 40050 40056 40058 40063 40066 40068 40071 40072 40091 40093 40096 40097 40098 40099
40100 40123 40126 40128 40129 40130 40131 41001 41002 41004 41006 41009 41011 41035 41037 41038
41039 41040 41041 41042 41043 41044 41045 41046 41047 41048 41049 41050 41051 41053 41054 41055
41056 41057 41058 41059 41060 41061 41062 41063 41064 41065 41066 41067 41068 41069 41070 41072
41073 41074 41075 41076 41077 41078 41079 41080 41081 41082 41083 41084 41085 41086 41087 41088
41089 41090 41091 41093 41094 41095 41096 41098 42001 42003 42012 42014 42015 42016 42022 42052
44001 44004 45001 45002 45007 45008 45009 45029 45033 46004 48001 48002 48003 48004 48005 48006
48007 48009 49008 50001 50002 50003 50100 60003 60011 60020 60111 60123 60140 80001 81011 81012
81013 81017 82001 82002 82003 84014 84061 84074 84083 84084 86001 86003 86006 86007 86008 86215
86216 86217 90500 90501 90502 90504 90507 90508 90509 90511 91040 93000 93004 93008 95000 95001
95002 95003 95004 95005 95006 95007 95008 95009 95010 95011 95012 95013 95014 95015 95016 95017
95018 95019 95021 95022 95023 95024 95025 95026 95027 95030 301002 301019 301042 301052 301053
301059 600018 640027 701008 701099 830001 830002 830003 846605 846608
"""


@pytest.mark.parametrize("code", [int(one) for one in CODES.split()])
def test_a_code_of_the_documents_has_a_meaning(code: int) -> None:
    error = error_of(code, "whatever")
    assert type(error) is not WecomError
    assert error.retry in Retry
    assert error.advice.endswith("。")
    assert re.search(r"[一-龥]{4}", error.advice)


def test_a_code_stands_once_and_says_what_its_row_says() -> None:
    assert advice_of(40128) == error_of(40128, "x").advice
    assert "90 天" in advice_of(40128)
    assert advice_of(123) == WecomError.advice
    assert len(MEANINGS) == len(set(MEANINGS))


def test_who_may_call_again_and_who_may_not() -> None:
    assert error_of(-1, "").retry is Retry.ASK
    assert isinstance(error_of(-1, ""), PerhapsDone)
    assert {error_of(code, "").retry for code in (6000, 45033, 41063, 41079, 41096)} == {Retry.SOON}
    assert {error_of(code, "").retry for code in (45009, 60020, 48002, 40001)} == {Retry.LATER}
    assert {error_of(code, "").retry for code in (84061, 41050, 40128, 45029)} == {Retry.NEVER}


def test_the_hint_is_kept_for_wecoms_support(unwell: Unwell) -> None:
    text = (
        "not allow to access from your ip, hint: [1588070216_61_9e1f], from ip: 203.0.113.7,"
        " more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
    )
    unwell.answers["user/get"] = lambda it: it.say(errcode=60020, errmsg=text)
    with pytest.raises(WecomError) as caught:
        gateway_of().staff("linxiao")
    assert caught.value.hint == "1588070216_61_9e1f"
    assert (caught.value.code, caught.value.again_in) == (60020, None)
    assert "企业可信IP" in caught.value.advice
    assert error_of(60020, "no hint at all").hint == ""
