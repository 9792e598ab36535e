"""The message envelope against vectors that others published."""

import pytest

from wecom.sandbox import crypto

V1_TOKEN, V1_KEY, V1_CORP = (
    "QDG6eK",
    "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    "wx5823bf96d3bd56c7",
)
V1_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
V1_MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj"
    "911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06"
    "DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQ"
    "H03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo"
    "6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+q"
    "N+E7Q=="
)
V1_PLAIN = (
    "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n"
    "<FromUserName><![CDATA[mycreate]]></FromUserName>\n"
    "<CreateTime>1409659813</CreateTime>\n"
    "<MsgType><![CDATA[text]]></MsgType>\n"
    "<Content><![CDATA[hello]]></Content>\n"
    "<MsgId>4561255354251345929</MsgId>\n"
    "<AgentID>218</AgentID>\n"
    "</xml>"
)
V2_TOKEN, V2_KEY, V2_CORP = (
    "123456",
    "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
    "wx49f0ab532d5d035a",
)
V2_ECHO = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
V2_PLAIN = (
    "<xml>\n"
    "<MsgType><![CDATA[text]]></MsgType>\n"
    "<Content><![CDATA[test]]></Content>\n"
    "<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n"
    "<ToUserName><![CDATA[messense]]></ToUserName>\n"
    "<AgentID>1</AgentID>\n"
    "<CreateTime>1411525903</CreateTime>\n"
    "</xml>"
)
V2_MESSAGE = (
    "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL"
    "8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPU"
    "L2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFur"
    "DXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNM"
    "patF9XiKzHo3"
)
V3_PLAIN = (
    '{"msgid":"m1","aibotid":"b1","chattype":"single","from":{"userid":"guide01"},'
    '"msgtype":"text","text":{"content":"你好"}}'
)
V3_MESSAGE = (
    "9s4gMv99m88kKTh/H8IdkMgqFGtparV/UFZxjgJwlyzB0A6W1W5hEW+4GV/XcSXagdA27QNuTUF1wtszvJbhyOE9XNeJB"
    "Iyx+DkKygA+YJR8VtQYWeF5ZOgQPVkXOPf5TTrBFa8JzeTFDZsgeRevPVNhcSC6kDak0dQEaPIcFbmMxfVA0/6IH+xgP9"
    "C7UuZhS+IoaSPzRVb8y1jbzyjGZw=="
)
PREFIX = b"1234567890123456"


def test_official_sample_is_read() -> None:
    assert (
        crypto.sign(V1_TOKEN, "1409659589", "263014780", V1_ECHO)
        == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    )
    assert crypto.decrypt(V1_KEY, V1_ECHO, V1_CORP) == "1616140317555161061"
    assert (
        crypto.sign(V1_TOKEN, "1409659813", "1372623149", V1_MESSAGE)
        == "477715d11cdb4164915debcba66cb864d751f3e6"
    )
    assert crypto.decrypt(V1_KEY, V1_MESSAGE, V1_CORP) == V1_PLAIN


def test_official_echo_is_written_with_its_own_prefix() -> None:
    prefix = b"c41b64491c2468d0"
    assert crypto.encrypt(V1_KEY, "1616140317555161061", V1_CORP, prefix) == V1_ECHO


def test_wechatpy_sample_is_read_and_written() -> None:
    assert (
        crypto.sign(V2_TOKEN, "1411443780", "437374425", V2_ECHO)
        == "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"
    )
    assert crypto.decrypt(V2_KEY, V2_ECHO, V2_CORP) == "5927782489442352469"
    assert crypto.encrypt(V2_KEY, V2_PLAIN, V2_CORP, PREFIX) == V2_MESSAGE
    assert (
        crypto.sign(V2_TOKEN, "1411525903", "461056294", V2_MESSAGE)
        == "407518b7649e86ef23978113f92d27afa9296533"
    )


def test_robot_sample_with_empty_receiver_is_written() -> None:
    assert crypto.encrypt(V2_KEY, V3_PLAIN, "", PREFIX) == V3_MESSAGE
    assert crypto.decrypt(V2_KEY, V3_MESSAGE, "") == V3_PLAIN
    assert (
        crypto.sign(V2_TOKEN, "1767000000", "n0nce", V3_MESSAGE)
        == "02b1fb38c9c517afbe68f323053290928ae48693"
    )


def test_each_envelope_differs() -> None:
    assert crypto.encrypt(V2_KEY, "x", "") != crypto.encrypt(V2_KEY, "x", "")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33])
def test_every_padding_length_comes_back(length: int) -> None:
    assert (
        crypto.decrypt(V2_KEY, crypto.encrypt(V2_KEY, "a" * length, "ww1"), "ww1") == "a" * length
    )


@pytest.mark.parametrize(
    ("key", "sealed", "receiver"),
    [
        (V1_KEY, V1_MESSAGE, "ww-another"),
        (V1_KEY, V1_MESSAGE[:-4], V1_CORP),
        (V1_KEY, "not base64!", V1_CORP),
        (V2_KEY, V1_MESSAGE, V1_CORP),
        (V1_KEY, "", V1_CORP),
    ],
)
def test_wrong_envelopes_are_refused(key: str, sealed: str, receiver: str) -> None:
    with pytest.raises(crypto.BadEnvelope):
        crypto.decrypt(key, sealed, receiver)


def test_short_key_is_refused() -> None:
    with pytest.raises(crypto.BadEnvelope):
        crypto.decode_aes_key("a" * 40)
