"""A person is taken out of her visits and of the codes that went to her phone."""

from __future__ import annotations

from datetime import datetime

from kit.actions import must_be_in_action
from kit.fields import blind_index
from members.identity.models import Member
from members.registration.models import CodeRequest, OneTimeCode, Registration
from members.registration.models_of_phones import PhoneChange
from members.registration.models_of_tablet import Invitation
from members.registration.models_of_tills import CardCode


def forget_member(member: Member, at: datetime) -> None:
    """Her visits keep their code, guide and time; who she was goes. A step."""
    must_be_in_action()
    hers = Registration.objects.filter(member=member)
    OneTimeCode.objects.filter(registration__in=hers).delete()
    OneTimeCode.objects.filter(member=member).delete()
    PhoneChange.objects.filter(member=member).delete()
    if member.phone:
        digest = blind_index("sms_phone", member.phone, within="brand")
        CodeRequest.objects.filter(phone_digest=digest).delete()
    CardCode.objects.filter(member=member).delete()
    Invitation.objects.filter(member=member).update(member=None)
    hers.update(ip=None, user_agent="", unionid=None, openid=None, birth_year=None, member=None)
