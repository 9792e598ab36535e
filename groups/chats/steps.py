"""What actions on groups share with the floors below: a person is taken out of their records."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Concat

from groups.chats.models import GroupMember
from kit.actions import must_be_in_action
from members.identity.models import Contact, Member


def forget_member(member: Member, at: datetime) -> None:
    """That somebody stayed in a group from then to then is kept; who it was goes. A step.

    She may still be in the group inside WeCom: its next list names her again, as a stranger.
    """
    must_be_in_action()
    hers = list(Contact.objects.filter(member=member).values_list("entity_id", "external_userid"))
    mine = Q(member=member) | Q(contact__member=member)
    for entity, person in hers:
        mine |= Q(person_id=person, group__store__entity=entity)
    GroupMember.objects.filter(mine, is_staff=False).update(
        person_id=Concat(Value("erased:"), F("pk"), output_field=GroupMember.person_id.field),
        contact=None,
        member=None,
        name=None,
        left_at=Coalesce(F("left_at"), Value(at)),
    )
