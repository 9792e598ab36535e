"""A person is taken out of what the floors below mirror of WeCom; they know its ids alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from kit.actions import must_be_in_action
from members.identity.models import Contact, Member
from members.privacy.models import InactivityWarning, SubjectRequest
from wecom.directory.models_of_hearing import ArchiveConsent, KeywordHit
from wecom.directory.models_of_reach import AcquisitionCustomer, MomentPublication


def forget_in_wecom(member: Member, at: datetime) -> None:
    """The mirrors lose her rows. A step; what names her in free text follows by her trail."""
    must_be_in_action()
    hers = list(Contact.objects.filter(member=member).values_list("external_userid", flat=True))
    forget_people_of_wecom(hers)


def forget_people_of_wecom(hers: Sequence[str]) -> None:
    """The mirrors lose whoever has one of these ids. A step."""
    must_be_in_action()
    if not hers:
        return
    ArchiveConsent.objects.filter(external_userid__in=hers).delete()
    KeywordHit.objects.filter(Q(person__in=hers) | Q(to__in=hers)).delete()
    AcquisitionCustomer.objects.filter(external_userid__in=hers).delete()
    for person in hers:
        named = (
            Q(people__saw__contains=[person])
            | Q(people__liked__contains=[person])
            | Q(people__commented__contains=[person])
        )
        for row in MomentPublication.objects.select_for_update().filter(named):
            row.people = {
                what: [one for one in those if one != person] for what, those in row.people.items()
            }
            row.save(update_fields=["people"])


def forget_requests(member: Member, at: datetime) -> None:
    """Her own words in requests go; that she asked, and our answer's date, stay. A step."""
    must_be_in_action()
    InactivityWarning.objects.filter(member=member).delete()
    for row in SubjectRequest.objects.filter(member=member):
        row.words = row.reply_to = None
        row.save(update_fields=["words", "reply_to"])
