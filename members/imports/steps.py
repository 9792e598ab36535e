"""What other rooms' actions ask of this one: to forget a person."""

from __future__ import annotations

from datetime import datetime

from kit.actions import must_be_in_action
from members.identity.models import Member
from members.imports.models import ImportedMember


def forget_member(member: Member, at: datetime) -> None:
    """That a file once brought her is gone with her. A step.

    Pieces and digests of files say nothing of one person, and go when the import ends.
    """
    must_be_in_action()
    ImportedMember.objects.filter(member=member).delete()
