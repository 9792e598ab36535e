"""A company passes to another one: told, assessed, bound; what changes is asked anew (L-14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from members.consent.actions import decide
from members.consent.models import ConsentEvent, Decision, Notice, Purpose
from members.consent.noticing import draft_notice, publish_notice
from members.consent.queries import current_notice, may, may_ask_again, news_for, permissions_of
from members.identity.models import Contact, Friendship, Identity, Member, MemberState, Merge
from members.identity.queries import member_of_identity
from members.privacy import duties
from members.privacy.erasing import digest_of_member, erase_member, replay
from members.privacy.errors import NotTransferable
from members.privacy.models import Disclosure
from members.privacy.models_of_duty import Activity, ImpactAssessment
from members.privacy.transferring import (
    TOLD_BEFORE,
    Passage,
    transfer_entity,
    what_is_missing,
)
from stores.org.models import LegalEntity, Store
from tests.cast import Cast, a_member
from tests.members.builders import (
    ITEMS,
    TESTER,
    a_contact,
    a_notice,
    a_welcome_gift,
)
from tests.members.builders import run_handlers as handle_news
from tests.members.profile.test_own_pages import as_member

pytestmark = pytest.mark.django_db

OTHER_WORDS = [
    ITEMS[0],
    ITEMS[1] | {"text": "也按您在合作网站上的浏览挑选内容"},
]


def told(cast: Cast, *, words: str, renotice: bool = True) -> Notice:
    """The franchise's people are told what `words` say."""
    draft = draft_notice(
        cast.franchise.pk, title="告知", summary="我们的业务将要转移。", body=words, items=ITEMS,
        renotice=renotice, by=TESTER,
    )  # fmt: skip
    return publish_notice(draft.pk, by=TESTER)


def signed(entity: LegalEntity, cast: Cast) -> None:
    row = ImpactAssessment.objects.create(
        entity=entity, activity=Activity.PROVIDING, legality="合并", risk="低", measures="告知",
        written_by="test",
    )  # fmt: skip
    duties.sign_assessment(row.pk, signer=cast.hq, by=TESTER)


def ready(cast: Cast) -> None:
    """Everything that has to be done before."""
    a_notice(cast.entity, items=OTHER_WORDS)
    told(cast, words=f"接收方：{cast.entity.name}，{cast.entity.contact}。")
    signed(cast.franchise, cast)


def transferred(cast: Cast) -> Passage:
    later = timezone.now() + TOLD_BEFORE
    return transfer_entity(cast.franchise, cast.entity, by=TESTER, at=later)


def test_l14_nothing_passes_before_people_were_told_and_the_receiver_is_bound(cast: Cast) -> None:
    hers = a_member("王", owner=cast.ma, store=cast.wangjing)
    later = timezone.now() + TOLD_BEFORE + timedelta(days=1)

    def missing() -> int:
        with pytest.raises(NotTransferable):
            transfer_entity(cast.franchise, cast.entity, by=TESTER, at=later)
        return len(what_is_missing(cast.franchise, cast.entity, later))

    assert missing() == 3
    a_notice(cast.entity)
    assert missing() == 2
    signed(cast.franchise, cast)
    assert missing() == 1
    told(cast, words="接收方是另一家公司。")
    assert missing() == 1, "without the receiver's name"
    told(cast, words=f"接收方：{cast.entity.name}。")
    assert missing() == 1, "without the receiver's contact"
    told(cast, words=f"接收方：{cast.entity.name}，{cast.entity.contact}。", renotice=False)
    assert missing() == 1, "written down, and told to nobody"
    told(cast, words=f"接收方：{cast.entity.name}，{cast.entity.contact}。")
    early = timezone.now() + TOLD_BEFORE - timedelta(minutes=1)
    with pytest.raises(NotTransferable):
        transfer_entity(cast.franchise, cast.entity, by=TESTER, at=early)
    hers.refresh_from_db()
    assert hers.entity == cast.franchise
    assert Store.objects.filter(entity=cast.franchise).count() == 1
    transferred(cast)
    hers.refresh_from_db()
    assert hers.entity == cast.entity


def test_l14_what_the_receiver_does_otherwise_has_to_be_agreed_to_anew(cast: Cast) -> None:
    ready(cast)
    hers = a_member("王", owner=cast.ma, store=cast.wangjing)
    agreed = dict.fromkeys(("direct_marketing", "profiling", "birthday"), True)
    old = Notice.objects.filter(entity=cast.franchise).latest("version")
    decide(hers.pk, agreed, notice_id=old.pk, by=TESTER)
    assert transferred(cast).ended == 2
    hers.refresh_from_db()
    now = timezone.now()
    said = {p: may(hers, p, at=now, entity=cast.entity).allowed for p in Purpose.values}
    assert said["direct_marketing"], "the same words go on"
    assert not said["profiling"], "other words"
    assert not said["birthday"], "not offered by the receiver"
    expired = ConsentEvent.objects.filter(member=hers, decision=Decision.EXPIRE)
    assert set(expired.values_list("purpose", flat=True)) == {"profiling", "birthday"}
    assert may_ask_again(hers, "profiling", at=now), "an end is no refusal of hers"
    lines = {line.purpose: line for line in permissions_of(hers, current_notice(cast.entity))}
    assert (lines["profiling"].is_granted, lines["profiling"].is_over) == (False, True)
    assert not lines["direct_marketing"].is_over
    page = as_member(hers).get("/m/privacy/").content.decode()
    assert "到期，可以重新选择" in page
    found = news_for(hers, current_notice(cast.entity), at=now)
    assert found is not None, "she is shown the receiver's notice"
    assert [item["purpose"] for item in found.items] == ["profiling"]


def test_l14_all_that_leads_to_her_passes_along_and_repeating_changes_nothing(cast: Cast) -> None:
    ready(cast)
    hers = a_member("王", owner=cast.ma, store=cast.wangjing, phone="+8613700000009")
    a_contact(cast.ma, external_userid="wmHers", member=hers, unionid="u1")
    kind = a_welcome_gift(cast.franchise)
    a_welcome_gift(cast.entity, name="另一份入会礼")
    assert transferred(cast) == Passage(stores=1, members=1, contacts=1, ended=0, clashes=0)
    handle_news()
    assert member_of_identity(cast.entity, "phone", "13700000009") == hers
    assert member_of_identity(cast.franchise, "phone", "13700000009") is None
    assert Contact.objects.get(member=hers).entity == cast.entity
    kind.refresh_from_db()
    assert (kind.entity, kind.is_welcome_gift) == (cast.entity, False)
    line = Disclosure.objects.get(what="entity_transfer")
    assert (line.recipient, line.members) == (cast.entity.name, [hers.pk])
    assert transferred(cast) == Passage(0, 0, 0, 0, 0)


def test_l14_who_was_the_receivers_member_too_becomes_one(cast: Cast) -> None:
    ready(cast)
    phone = "+8613700000009"
    here = a_member("王", owner=cast.lin, store=cast.guomao, phone=phone)
    there = a_member("王", owner=cast.ma, store=cast.wangjing, phone=phone)
    a_contact(cast.lin, external_userid="wmBoth", member=here)
    a_contact(cast.ma, external_userid="wmBoth", member=there)
    a_contact(cast.ma, external_userid="wmNobody")
    transferred(cast)
    handle_news()
    merge = Merge.objects.get()
    assert {merge.kept_id, merge.gone_id} == {here.pk, there.pk}
    assert merge.kept.entity == cast.entity
    assert Identity.objects.filter(kind="phone", member=merge.kept).count() == 1
    assert Contact.objects.filter(external_userid="wmBoth").count() == 1
    assert Friendship.objects.filter(contact__external_userid="wmBoth").count() == 2
    for model in (Member, Identity, Contact, Store):
        assert not model.objects.filter(entity=cast.franchise).exists(), model


def test_a_backup_from_before_the_transfer_is_cleaned_too(cast: Cast) -> None:
    ready(cast)
    hers = a_member("王", owner=None, store=cast.wangjing, state=MemberState.LEFT)
    transferred(cast)
    line = erase_member(hers.pk, why="test", by=TESTER)
    assert line is not None
    Member.objects.filter(pk=hers.pk).update(entity=cast.franchise, state=MemberState.LEFT)
    hers = Member.objects.get(pk=hers.pk)
    assert digest_of_member(hers) != bytes(line.digest)
    assert replay([bytes(line.digest)], by=TESTER, at=timezone.now()) == 1


def test_the_command_says_what_is_missing_and_asks_twice(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("transfer_entity", cast.franchise.name, cast.entity.name)
    said = capsys.readouterr().out
    assert "还没有自己的告知" in said
    assert "--yes" in said
    with pytest.raises(CommandError, match="还不能转移"):
        call_command("transfer_entity", cast.franchise.name, cast.entity.name, "--yes")
    with pytest.raises(CommandError):
        call_command("transfer_entity", "没有这家", cast.entity.name)
