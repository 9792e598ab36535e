"""Accounts of customer service against WeCom's: HQ is told what she has to set right by hand.

Which store and guide an account belongs to is HQ's decision, so none is registered or closed here;
only a name is taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.channels.actions import rename_kf_account
from bot.channels.models import KfAccount
from kit.actions import scope_of
from kit.actor import Actor
from wecom.directory.models import Staff
from wecom.directory.portions import Found, KfAccounts, KfServicers, Outcome, Portion, Tally
from wecom.gateway import KfServicer

US: Final = Actor.system("compares customer service with WeCom")


def compare_accounts(portion: Portion) -> Outcome:
    """The comparer of accounts and of who serves them; see `wecom.directory.portions`."""
    if isinstance(portion.facts, KfAccounts):
        return _compare_list(portion.facts)
    if isinstance(portion.facts, KfServicers):
        return _compare_servicers(portion.facts)
    return Outcome()


def _compare_list(facts: KfAccounts) -> Outcome:
    with scope_of(US):
        held = {row.open_kfid: row for row in KfAccount.objects.all()}
    tally = Tally(compared=len(facts.rows))
    for card in facts.rows:
        subject, row = f"kf:{card.open_kfid}", held.pop(card.open_kfid, None)
        if row is None:
            if card.is_managed:
                tally.left.append(Found(subject, "客服账号没有登记门店", card.name))
            continue
        if not card.is_managed:
            tally.left.append(Found(subject, "客服账号没有交给接口管理", row.name))
        if rename_kf_account(card.open_kfid, name=card.name, by=US):
            tally.repaired.append(Found(subject, "客服账号改名", f"{row.name} → {card.name}"))
    for open_kfid, row in sorted(held.items()):
        tally.left.append(Found(f"kf:{open_kfid}", "客服账号在企业微信已看不到", row.name))
    return tally.outcome()


def _compare_servicers(facts: KfServicers) -> Outcome:
    with scope_of(US):
        held = KfAccount.objects.filter(open_kfid=facts.open_kfid).select_related("guide").first()
        serving = _people_of(facts.rows)
    if held is None:
        return Outcome()
    subject, tally = f"kf:{facts.open_kfid}", Tally(compared=len(facts.rows))
    if not facts.rows:
        tally.left.append(Found(subject, "客服账号没有接待人员", held.name))
    elif (held.guide.wecom_userid or "") not in serving:
        tally.left.append(Found(subject, "接待导购不在接待人员里", held.guide.name))
    return tally.outcome()


def _people_of(rows: Sequence[KfServicer]) -> set[str]:
    """Who serves by name, or because a department of his does."""
    departments = [row.department_id for row in rows if not row.userid]
    found = {row.userid for row in rows if row.userid}
    if departments:
        below = Staff.objects.present().filter(department_ids__overlap=departments)
        found |= set(below.values_list("userid", flat=True))
    return found
