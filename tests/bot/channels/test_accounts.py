"""Customer service accounts against WeCom; words of who refused its archive are not kept."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bot.channels.actions import open_kf_account
from bot.channels.models import KfAccount
from kit.actor import Actor
from kit.events import DomainEvent
from tests.bot.builders import CHEN, STRANGER, a_group, say, the_knowledge
from tests.cast import Cast
from tests.sandbox import KF, Sandbox
from tests.wecom.directory.test_staff import differences
from wecom.directory.hearing import take_agreements
from wecom.directory.inbound_of_hearing import kf_accounts_told
from wecom.directory.models import SweepState
from wecom.directory.portions import Agreements
from wecom.directory.sweeping import sweep_through
from wecom.gateway import Agreement, gateway_of

TESTER = Actor.system("test")
LOST = "wkLost00000000000000000000000001"


@pytest.fixture
def account(wecom: Sandbox, cast: Cast) -> KfAccount:
    cast.lin.wecom_userid = "linxiao"
    cast.lin.save(update_fields=["wecom_userid"])
    return open_kf_account(KF, name="在线客服", guide=cast.lin, by=TESTER)


def found() -> set[tuple[str, str]]:
    sweep = sweep_through("kf_accounts")
    assert (sweep.state, sweep.error) == (SweepState.DONE, "")
    return {(subject, what) for subject, what, _ in differences(sweep)}


def test_equal_accounts_make_no_difference(account: KfAccount) -> None:
    assert found() == set()


def test_unknown_lost_and_renamed_accounts_are_found(wecom: Sandbox, account: KfAccount) -> None:
    open_kf_account(LOST, name="旧客服", guide=account.guide, by=TESTER)
    wecom.post("seed", kf_accounts=[{"open_kfid": "wkNew", "name": "新客服"}])
    gateway_of("service").update_kf_account(KF, name="国贸客服")
    assert found() == {
        ("kf:wkNew", "客服账号没有登记门店"),
        (f"kf:{LOST}", "客服账号在企业微信已看不到"),
        (f"kf:{KF}", "客服账号改名"),
    }
    account.refresh_from_db()
    assert account.name == "国贸客服"


def test_who_shall_help_must_be_a_servicer(wecom: Sandbox, account: KfAccount, cast: Cast) -> None:
    gateway = gateway_of("service")
    gateway.add_kf_servicers(KF, ["zhouning"])
    gateway.remove_kf_servicers(KF, ["linxiao"])
    assert found() == {(f"kf:{KF}", "接待导购不在接待人员里")}
    gateway.add_kf_servicers(KF, department_ids=[2])
    sweep_through("staff")
    assert found() == set()


def test_what_is_taken_from_us_is_seen_when_wecom_tells(wecom: Sandbox, account: KfAccount) -> None:
    gateway_of("service").update_kf_account(KF, name="国贸客服")
    told = DomainEvent(kind="wecom.kf_account_auth_change", payload={"added": [KF]})
    for _ in range(2):
        kf_accounts_told(told)
    account.refresh_from_db()
    assert account.name == "国贸客服"
    wecom.act("kf_authorize", open_kfid=KF, managed=False)
    assert (f"kf:{KF}", "客服账号没有交给接口管理") in found()


def test_words_of_one_who_refused_the_archive_in_wecom_are_not_kept(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    refused = Agreement("", CHEN, "refused", None)
    take_agreements(Agreements((refused,), group.chat_id), asked_at=timezone.now(), by=TESTER)
    heard = say("停车怎么收费？", group=group)
    assert heard is not None
    assert (heard.text, heard.is_text_withheld) == (None, True)
    other = say("停车怎么收费？", group=group, sender=STRANGER)
    assert other is not None
    assert other.text == "停车怎么收费？"
