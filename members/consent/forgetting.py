"""A person is taken out of the consent ledger: that she decided stays, who she was goes."""

from __future__ import annotations

from datetime import datetime

from kit.actions import must_be_in_action
from members.consent.models import ConsentProof, ConsentState, NoticeSeen
from members.identity.models import Member


def forget_member(member: Member, at: datetime) -> None:
    """Where her decisions came from is emptied; that she decided stays as proof. A step."""
    must_be_in_action()
    ConsentProof.objects.filter(event__member=member).delete()
    NoticeSeen.objects.filter(member=member).delete()
    ConsentState.objects.filter(member=member).delete()
