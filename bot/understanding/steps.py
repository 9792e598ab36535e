"""What was heard of a person is taken out of the record."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from bot.understanding.models import HeardMessage
from kit.actions import must_be_in_action
from members.identity.models import Contact, Member


def heard_of(member: Member) -> QuerySet[HeardMessage]:
    """What she said where the assistant listens, within her legal entity."""
    hers = Contact.objects.filter(member=member).values_list("external_userid", flat=True)
    return HeardMessage.objects.filter(
        Q(contact__member=member)
        | Q(sender__in=list(hers), store__entity=member.entity_id, is_staff=False)
    )


def forget_member(member: Member, at: datetime) -> None:
    """Her words and who said them go; that a question was so decided stays. A step."""
    must_be_in_action()
    heard_of(member).update(text=None, sender="erased", contact=None)
