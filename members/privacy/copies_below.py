"""What the rooms up to this one, the ledger and WeCom's mirrors keep of a person, for her copy."""

from __future__ import annotations

from django.db.models import Q

from members.consent.models import ConsentEvent, ConsentProof, ConsentState, NoticeSeen
from members.identity.models import (
    Contact,
    Friendship,
    Identity,
    Member,
    Merge,
    MergeSuggestion,
    Suggestion,
)
from members.identity.models_of_doubles import Trait
from members.privacy.copies import Part, part
from members.privacy.models import AccessLog, Disclosure, InactivityWarning, SubjectRequest
from stores.conversions.models import Credit
from stores.ledger.models import Ownership, PurchaseLine, ReceiptMember, Touch
from stores.ledger.queries import numbers_of
from wecom.directory.models_of_hearing import ArchiveConsent, KeywordHit
from wecom.directory.models_of_reach import AcquisitionCustomer


def of_identity(member: Member) -> list[Part]:
    """Her record, identifiers, contacts and friendships."""
    hers = Contact.objects.filter(member=member)
    return [
        part(Member.objects.filter(pk=member.pk), also="tier state joined_at left_at home_store"),
        part(Identity.objects.filter(member=member), also="kind verified_at created_at"),
        part(hers, also="joined_by read_at"),
        part(Friendship.objects.filter(contact__in=hers), also="guide since until ended_by"),
        part(Suggestion.objects.filter(member=member), also="guide made_at is_same evidence"),
        part(Merge.objects.filter(Q(kept=member) | Q(gone=member)), also="reason at undone_at"),
        part(
            MergeSuggestion.objects.filter(Q(first=member) | Q(second=member)),
            also="evidence made_at is_same",
        ),
        part(Trait.objects.filter(member=member), also="kind"),
    ]


def of_consent(member: Member) -> list[Part]:
    """What she decided, how, and what holds."""
    log = ConsentEvent.objects.filter(member=member)
    return [
        part(log, also="purpose channel decision notice method at"),
        part(ConsentProof.objects.filter(event__in=log)),
        part(ConsentState.objects.filter(member=member), also="purpose channel is_granted since"),
        part(NoticeSeen.objects.filter(member=member), also="notice at"),
    ]


def of_privacy(member: Member) -> list[Part]:
    """What she asked for, who looked at her, what was given of her to whom."""
    return [
        part(
            SubjectRequest.objects.filter(member=member),
            also="kind state opened_at due_at closed_at",
        ),
        part(AccessLog.objects.filter(member_no=member.pk), also="fields reason at"),
        part(
            Disclosure.objects.filter(members__contains=[member.pk]),
            also="what recipient purpose fields at",
        ),
        part(InactivityWarning.objects.filter(member=member), also="last_seen_at warned_at"),
    ]


def of_ledger(member: Member) -> list[Part]:
    """Her purchases and touches, under all her numbers."""
    numbers = numbers_of([member.pk]).get(member.pk, {member.pk})
    mine = Q(member_no__in=numbers)
    return [
        part(
            PurchaseLine.objects.filter(mine),
            also="receipt_no line sku quantity amount currency sold_at",
        ),
        part(ReceiptMember.objects.filter(mine), also="receipt_no at"),
        part(Touch.objects.filter(mine), also="kind at"),
        part(Ownership.objects.filter(mine), also="since until reason"),
        part(Credit.objects.filter(mine), also="receipt_no line sku sold_at"),
    ]


def of_wecom(member: Member) -> list[Part]:
    """What the mirrors of WeCom say of her."""
    hers = list(Contact.objects.filter(member=member).values_list("external_userid", flat=True))
    hits = KeywordHit.objects.filter(Q(person__in=hers) | Q(to__in=hers))
    return [
        part(ArchiveConsent.objects.filter(external_userid__in=hers), also="state changed_at"),
        part(hits, also="rule_name at"),
        part(AcquisitionCustomer.objects.filter(external_userid__in=hers), also="channel found_at"),
    ]
