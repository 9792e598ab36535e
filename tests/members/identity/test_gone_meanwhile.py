"""Whoever left or was erased is joined to nobody any more, whatever was asked about her before."""

from __future__ import annotations

import pytest

from kit.classified import Grade
from members.identity.actions import decide_suggestion, suggest_member
from members.identity.errors import NoLongerAMember
from members.identity.models import Contact, Identity, Member, MemberState, Suggestion
from members.identity.queries import suggestions_for
from members.privacy.erasing import erase_member
from tests.cast import Cast
from tests.members.builders import TESTER, a_contact


@pytest.fixture
def asked(cast: Cast) -> Suggestion:
    """Is a friend of Lin member Chen? And before Lin asked her, Chen left."""
    contact = a_contact(cast.lin, external_userid="wmSomebodyElse")
    made = suggest_member(contact.pk, cast.chen.pk, cast.lin.pk, evidence=["同名"], by=TESTER)
    assert made is not None
    assert suggestions_for(cast.lin).count() == 1
    Member.objects.filter(pk=cast.chen.pk).update(state=MemberState.LEFT, birth_year=1990)
    return made


@pytest.mark.django_db
def test_nobody_is_joined_to_a_member_who_left(cast: Cast, asked: Suggestion) -> None:
    before = Identity.objects.filter(member=cast.chen).count()
    assert not suggestions_for(cast.lin).exists()
    with pytest.raises(NoLongerAMember):
        decide_suggestion(asked.pk, is_same=True, by=TESTER)
    assert Contact.objects.get(pk=asked.contact_id).member_id is None
    assert Identity.objects.filter(member=cast.chen).count() == before
    assert decide_suggestion(asked.pk, is_same=False, by=TESTER).is_same is False


@pytest.mark.django_db
def test_of_the_erased_no_question_is_left_and_nothing_personal(
    cast: Cast, asked: Suggestion
) -> None:
    assert erase_member(cast.chen.pk, why="本人要求", by=TESTER) is not None
    assert not Suggestion.objects.exists()
    her = Member.objects.get(pk=cast.chen.pk)
    personal = {
        name
        for name, grade in Member.privacy.grades.items()
        if grade in {Grade.PERSONAL, Grade.PERSONAL_HIGH, Grade.SENSITIVE}
    }
    assert {name for name in personal if getattr(her, name)} == {"card_no"}
    assert her.card_no != cast.chen.card_no
