"""Channel codes against the contact-me codes that exist at WeCom.

A code whose way is gone, or never came, gets a new one; a way whose news was lost is kept with its
code. What we cannot judge is shown to HQ: strangers, ways of guides who left, ways that lead to
somebody else.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.registration.channel_codes import (
    ask_for_missing_way,
    keep_contact_way,
    replace_contact_way,
)
from members.registration.models import ChannelCode
from wecom.directory.models import CorpContactWay
from wecom.directory.portions import Found, Outcome, Portion, Rest, WaySeen

US: Final = Actor.system("compares channel codes with WeCom")
_AT_ONCE: Final = 200


def compare_codes(portion: Portion) -> Outcome:
    """The comparer of channel codes: most is said when the mirror of WeCom's codes is complete."""
    if isinstance(portion.facts, WaySeen):
        return _adopt(portion.facts) or _compare_receivers(portion.facts)
    if isinstance(portion.facts, Rest):
        return _compare_all(int(portion.facts.after or 0))
    return Outcome()


def _adopt(seen: WaySeen) -> Outcome | None:
    """WeCom made the way, but its answer never reached the code that had asked."""
    if seen.card is None or not seen.card.state:
        return None
    with scope_of(US):
        code = (
            ChannelCode.objects.filter(wecom_state=seen.card.state, config_id="", is_active=True)
            .select_related("guide")
            .first()
        )
    if code is None or code.guide.wecom_userid not in seen.card.userids:
        return None
    keep_contact_way(code.pk, config_id=seen.config_id, qr_code_url=seen.card.qr_code_url, by=US)
    return Outcome(repaired=[Found(_of(code), "联系我早已生成，已登记", seen.config_id)])


def _compare_receivers(seen: WaySeen) -> Outcome:
    """Whoever scans a code shall meet the guide whose code it is."""
    with scope_of(US):
        code = (
            ChannelCode.objects.filter(config_id=seen.config_id, is_active=True)
            .select_related("guide")
            .first()
        )
    if code is None or seen.card is None or code.guide.wecom_userid in seen.card.userids:
        return Outcome()
    return Outcome(left=[Found(_of(code), "扫码加到的不是这位导购", "、".join(seen.card.userids))])


def _compare_all(after: int) -> Outcome:
    with scope_of(US):
        codes = list(
            ChannelCode.objects.filter(is_active=True, pk__gt=after)
            .select_related("guide")
            .order_by("pk")[:_AT_ONCE]
        )
        ways = {
            way.config_id: way
            for way in CorpContactWay.objects.filter(
                config_id__in=[code.config_id for code in codes if code.config_id]
            )
        }
    repaired, left = [], []
    for code in codes:
        if not code.config_id:
            if ask_for_missing_way(code.pk, by=US):
                repaired.append(Found(_of(code), "还没有联系我，已重新申请"))
            continue
        way = ways.get(code.config_id)
        is_gone = way is None or way.gone_at is not None
        if is_gone and code.guide.left_on is None:
            if replace_contact_way(code.pk, lost=code.config_id, by=US):
                repaired.append(Found(_of(code), "联系我已不存在，已重新申请", code.config_id))
        elif not is_gone and code.guide.left_on is not None:
            left.append(Found(_of(code), "离职导购的码仍可扫", f"工号 {code.guide.employee_no}"))
    if len(codes) == _AT_ONCE:
        return Outcome(len(codes), repaired, left, after=str(codes[-1].pk))
    return Outcome(len(codes), repaired, [*left, *_strangers()])


def _strangers() -> list[Found]:
    """Ways of our application that no channel code knows; those on their way are left out."""
    with scope_of(US):
        known = ChannelCode.objects.exclude(config_id="").values("config_id")
        states = ChannelCode.objects.filter(config_id="").values("wecom_state")
        rows = list(
            CorpContactWay.objects.filter(gone_at=None)
            .exclude(Q(config_id__in=known) | Q(state__in=states))
            .order_by("pk")[:_AT_ONCE]
        )
    return [Found(f"way:{row.config_id}", "没有登记的联系我", row.remark) for row in rows]


def _of(code: ChannelCode) -> str:
    return f"channel_code:{shown_id(code.public_id)}"
