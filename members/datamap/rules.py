"""What the map shows: touchpoints, identifiers, and the gaps that a prepared play can close.

The database tells how many members share the same touchpoints and identifiers, as bits; everything
else is counted from that. No Django, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# Order is that of the picture; a name's place is its bit.
TOUCHPOINTS: Final[Mapping[str, str]] = {
    "store_ipad": "门店扫码",
    "till": "收银台",
    "friend": "企微好友",
    "group": "客户群",
    "mini_program": "小程序",
    "service_account": "服务号",
    "app": "App",
    "web_shop": "网店",
    "link": "链接",
    "marketplace": "电商平台",
    "moments": "朋友圈",
}
IDENTIFIERS: Final[Mapping[str, str]] = {
    "phone": "手机号",
    "unionid": "UnionID",
    "openid": "OpenID",
    "external_userid": "企微客户",
    "till": "收银会员号",
    "marketplace": "平台账号",
}
POINT_BIT: Final = {name: 1 << place for place, name in enumerate(TOUCHPOINTS)}
KNOWN_BIT: Final = {name: 1 << place for place, name in enumerate(IDENTIFIERS)}
# A purchase, an opened page and the like count for a touchpoint so long.
MET_DAYS: Final = 365
LATELY_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Combo:
    """How many members were met at exactly these touchpoints, lately at those, known by these."""

    met: int
    lately: int
    known: int
    members: int


@dataclass(frozen=True, slots=True)
class Cells:
    """One day's numbers. `known`: touchpoint → identifier → members; `gaps`: gap → members."""

    members: int = 0
    met: Mapping[str, int] = field(default_factory=dict)
    lately: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    # identifier → members who are known by it, wherever they were met.
    held: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "met": dict(self.met),
            "lately": dict(self.lately),
            "known": {point: dict(by) for point, by in self.known.items()},
            "held": dict(self.held),
            "gaps": dict(self.gaps),
        }

    @classmethod
    def read(cls, members: int, kept: Mapping[str, Any]) -> Cells:
        """The reverse; what an older map did not count yet is missing."""
        return cls(
            members,
            kept.get("met", {}),
            kept.get("lately", {}),
            kept.get("known", {}),
            kept.get("held", {}),
            kept.get("gaps", {}),
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Members met at a touchpoint and missing at others, with the play that closes it.

    `at` and `lacks` name one touchpoint, or several that are one to her: met at any of them,
    missing at all. `rule` is in the audience's language and means the same members.
    """

    key: str
    at: Sequence[str]
    lacks: Sequence[str]
    title: str
    why: str
    text: str
    where: str
    rule: Mapping[str, Any]

    def is_of(self, met: int) -> bool:
        """Whether a member met at these touchpoints (bits) stands in the gap."""
        there = any(met & POINT_BIT[point] for point in self.at)
        return there and not any(met & POINT_BIT[point] for point in self.lacks)


# To her it is one thing that she opens; which of them, the rows of the map say.
ONLINE: Final = ("mini_program", "service_account", "app", "web_shop", "link")
_OPENED = {"opened_within_days": MET_DAYS}
_BOUGHT = {"purchased_within_days": MET_DAYS}
GAPS: Final[Sequence[Gap]] = (
    Gap(
        "till-friend",
        ("till",),
        ("friend",),
        "买过东西，还没加导购",
        "没有企微好友就只能等她再来：一对一服务、到货通知都送不到。",
        "您好，我是{门店}的{导购}。加我的企业微信，保养、改衣、到货都可以直接问我。",
        "收银台立牌、包裹卡上的渠道码；结账时由收银的导购请她扫一扫",
        {"all": [_BOUGHT, {"is_friend": False}]},
    ),
    Gap(
        "friend-group",
        ("friend",),
        ("group",),
        "是好友，还没进客户群",
        "上新和到店活动先在群里说，不在群里的人只能一个个通知。",
        "我们门店有会员群，新款到店先在群里说，不多打扰。愿意的话点这里进来。",
        "导购一对一消息，附群活码",
        {"all": [{"is_friend": True}, {"in_group": False}]},
    ),
    Gap(
        "group-friend",
        ("group",),
        ("friend",),
        "在群里，还没加导购",
        "群里答不了的私人问题没有人接，退群以后就联系不上了。",
        "群里不方便说的尺码、退换，可以加我单独聊。",
        "客户群公告，附导购名片",
        {"all": [{"in_group": True}, {"is_friend": False}]},
    ),
    Gap(
        "friend-till",
        ("friend",),
        ("till",),
        "是好友，一年没有买过",
        "加了好友没有成交，多半是没有收到合适的内容，或者买了没有登记会员。",
        "您之前看过的款到了新色，这周到店可以试。买过没登记的小票也可以拍给我补上。",
        "导购一对一消息；收银时请她出示会员码",
        {"all": [{"is_friend": True}, {"not": _BOUGHT}]},
    ),
    Gap(
        "till-link",
        ("till",),
        ONLINE,
        "买过东西，没打开过小程序和链接",
        "绑定手机号、打开一次小程序或会员卡，线上的浏览才能和门店的购买合到一起。",
        "您的会员卡里有积分和券，点开看一眼，以后结账出示就行。",
        "小票上的会员卡链接；导购一对一消息附小程序卡片",
        {"all": [_BOUGHT, {"not": _OPENED}]},
    ),
    Gap(
        "friend-online",
        ("friend",),
        ONLINE,
        "是好友，没打开过小程序和链接",
        "好友聊得再好，没有打开过我们的页面，就不知道她对哪件感兴趣。",
        "这周到货的几款我放在小程序里了，点开看看喜欢哪件，我给您留。",
        "导购一对一消息，附小程序卡片",
        {"all": [{"is_friend": True}, {"not": _OPENED}]},
    ),
    Gap(
        "online-till",
        ONLINE,
        ("till",),
        "线上看过，一年没到店买",
        "看了没有买，常常只差一次试穿；也可能买了没有报会员。",
        "您在小程序里看过的款，{门店}有您的尺码，约个时间来试？",
        "小程序预约到店；导购一对一消息",
        {"all": [_OPENED, {"not": _BOUGHT}]},
    ),
    Gap(
        "online-friend",
        ONLINE,
        ("friend",),
        "线上看过，还没加导购",
        "她在线上自己逛，没有人能回答尺码和搭配，走了也不知道为什么。",
        "想问尺码、搭配，点这里加{门店}的导购，有人答您。",
        "小程序商品页和会员卡上的导购二维码",
        {"all": [_OPENED, {"is_friend": False}]},
    ),
)
# Gaps that nobody closes by writing to members, and what would: by identifier, by touchpoint.
NO_PLAY: Final[Mapping[str, str]] = {
    "phone": "会员凭手机号入会；没有的是导入后还没验证的。等她打开会员卡时验证，不为此发短信。",
    "unionid": "她没有在微信里点“允许”，或者服务号没有绑到开放平台。她打开会员卡时再问，不另外催。",
    "openid": "只有在微信里打开过会员卡、又点了“允许”的会员才有，和 UnionID 一起来。",
    "external_userid": "加上导购就有：做上面缺“企微好友”的几项。",
    "till": "由收银系统上报，会员自己补不了：请收银供应商按接口文档带上会员号。",
    "marketplace": "平台不给名单，只能她自己绑定，或者由平台授权接入。",
}
NOT_CONNECTED: Final[Mapping[str, str]] = {
    "mini_program": "小程序接上行为接口才有（docs/behaviour.md）。",
    "service_account": "服务号接上行为接口才有（docs/behaviour.md）。",
    "app": "App 接上行为接口才有（docs/behaviour.md）。",
    "web_shop": "网店接上行为接口才有（docs/behaviour.md）。",
    "link": "导购发出带追踪的链接，会员又同意记录，才有。",
    "marketplace": "会员绑定了平台账号才有。",
    "moments": "企业微信不告诉我们谁看过朋友圈，这里不会有。",
}


def cells_of(combos: Iterable[Combo]) -> Cells:
    """All numbers of the map from how many members share what."""
    members = 0
    met = dict.fromkeys(TOUCHPOINTS, 0)
    lately = dict.fromkeys(TOUCHPOINTS, 0)
    known = {point: dict.fromkeys(IDENTIFIERS, 0) for point in TOUCHPOINTS}
    held = dict.fromkeys(IDENTIFIERS, 0)
    gaps = {gap.key: 0 for gap in GAPS}
    for combo in combos:
        members += combo.members
        _known(held, combo)
        for point, bit in POINT_BIT.items():
            if combo.lately & bit:
                lately[point] += combo.members
            if combo.met & bit:
                met[point] += combo.members
                _known(known[point], combo)
        for gap in GAPS:
            if gap.is_of(combo.met):
                gaps[gap.key] += combo.members
    return Cells(members, met, lately, known, held, gaps)


def _known(row: dict[str, int], combo: Combo) -> None:
    for name, bit in KNOWN_BIT.items():
        if combo.known & bit:
            row[name] += combo.members


def percent(part: int, whole: int) -> int:
    """A share as a whole number; never 100 while somebody is missing, nor 0 while somebody is in.

    A gap of ten in a million must not look closed.
    """
    if part <= 0 or whole <= 0:
        return 0
    if part >= whole:
        return 100
    return min(99, max(1, round(100 * part / whole)))


def gap_of(key: str) -> Gap | None:
    """The gap of this name."""
    return next((gap for gap in GAPS if gap.key == key), None)
