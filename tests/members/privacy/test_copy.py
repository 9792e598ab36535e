"""Her copy holds every personal field that is hers, and nothing of anybody else (L-24)."""

from __future__ import annotations

import re
from json import dumps

import pytest
from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from kit.actions import scope_of
from members.identity.models import Contact, Member
from members.privacy.copies import fields_of, parts_of
from members.privacy.desk import copy_document
from members.privacy.models import Disclosure
from members.privacy.reading_copies import pages_of
from members.privacy.retaining import own_models
from tests.cast import Cast
from tests.members.builders import TESTER
from tests.members.privacy.life import a_whole_life

pytestmark = pytest.mark.django_db

# Tables whose personal fields are another person's (a guide's), a brand's, or nobody's any more,
# and texts that name her only until the next night; none of them is about a member as such.
NOT_HERS = {
    "wecom.staff", "wecom.corpcontactway", "wecom.difference", "wecom.acquisitionlink",
    "wecom.corpmoment", "wecom.momentpublication", "wecom.outboxrow", "wecom.inboxmessage",
    "stores.account", "stores.guide", "stores.machinekey", "stores.mergedmember",
    "members.coderequest", "members.erasure", "members.erasuretrail", "groups.pushtask",
    "members.customertransfer", "members.customerchoice",
}  # fmt: skip


def test_her_copy_covers_the_catalogue_and_no_one_else(cast: Cast) -> None:
    her, hers = a_whole_life(cast, 1)
    _, others = a_whole_life(cast, 2)
    document = copy_document(her, by=TESTER)
    text = dumps(document, ensure_ascii=False)
    shown = {
        (part["table"], name) for part in document["parts"] for row in part["rows"] for name in row
    }
    wanted = {
        (model._meta.label_lower, name)
        for model, _ in own_models()
        if _is_about_members(model) and model._meta.label_lower not in NOT_HERS
        for name in fields_of(model)
    }
    in_rooms = {table for table, _ in shown}
    assert sorted((t, n) for t, n in wanted - shown if t in in_rooms) == []
    for canary in (hers.phone, "nameQZX0001", "remarkQZX0001", "saidQZX0001", "whyQZX0001"):
        assert canary in text, canary
    assert [canary for canary in others.found if canary in text] == []
    assert Disclosure.objects.filter(members=[her.pk], recipient="本人").count() == 2
    with scope_of(TESTER):
        pages = pages_of(parts_of(Member.objects.get(pk=her.pk)))
    said = {words for page in pages for row in page.rows for _, words in row}
    # What she reads has no word of ours that stands for another.
    assert {words for words in said if re.fullmatch(r"[a-z]+([_.][a-z]+)*", words)} == set()
    assert {"扫导购的码入会", "会员下载自己的资料", "手机号"} <= said


def _points_at_her(model: type[models.Model]) -> bool:
    return any(
        (isinstance(field, models.ForeignKey) and field.related_model in {Member, Contact})
        or field.name == "member_no"
        for field in model._meta.concrete_fields
    )


def _is_about_members(model: type[models.Model]) -> bool:
    return _points_at_her(model) or model in {Member, Contact} or bool(fields_of(model))


def test_every_room_that_knows_her_can_forget_her_and_copy_her() -> None:
    """A new table with a member needs both; the switchboard names them room by room."""
    erasers = {path.rsplit(".", 2)[0] for path in import_string(settings.ERASERS)}
    copies = {path.rsplit(".", 2)[0] for path in import_string(settings.COPIES)}
    rooms = {
        model.__module__.rsplit(".", 1)[0] for model, _ in own_models() if _points_at_her(model)
    }
    # The ledger, and the sums made of it, keep numbers alone; its copy is handed in by the room of
    # privacy. The feed of audiences says for two days that something changed under a number, not
    # what.
    outside = {"stores.ledger", "stores.conversions", "stores.figures", "members.audience"}
    assert sorted(rooms - erasers - outside) == []
    shown_by_privacy = {"members.identity", "members.consent"}
    assert sorted(rooms - copies - outside - shown_by_privacy) == []
