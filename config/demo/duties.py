"""What the story's head office did for privacy: recipients named, assessments signed, a request."""

from __future__ import annotations

from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.identity.models import Member, MemberState
from members.privacy.actions import open_request, reveal_phone
from members.privacy.duties import count_heads, sign_assessment
from members.privacy.models import RequestKind, SubjectRequest
from members.privacy.models_of_duty import (
    Activity,
    ImpactAssessment,
    Recipient,
    RecipientRole,
)
from stores.org.access import actor_of_guide
from stores.org.models import Account, Guide, LegalEntity

_RECIPIENTS = (
    {
        "name": "深圳市腾讯计算机系统有限公司（企业微信）",
        "contact": "dataprivacy@tencent.com",
        "role": RecipientRole.ENTRUSTED,
        "purpose": "企业微信好友、消息与客户群",
        "kinds": "企微客户 ID、昵称、备注、消息内容",
        "hosts": "qyapi.weixin.qq.com",
    },
    {
        "name": "短信服务商（示例）",
        "contact": "privacy@sms.example",
        "role": RecipientRole.ENTRUSTED,
        "purpose": "向手机号发送验证码",
        "kinds": "手机号、短信内容",
    },
)
_ASSESSED = {
    Activity.PROFILING: "按购买与互动挑选内容，会员可以一键关闭，关闭后只看通用内容。",
    Activity.ENTRUSTING: "委托企业微信与短信服务商，按合同处理，到期返还或删除。",
}


def do_duties(*, by: Actor) -> None:
    """Write it once; repeating changes nothing."""
    for key in _write(by=by):
        signer = Account.objects.filter(is_superuser=True).order_by("pk").first()
        if signer is not None:
            sign_assessment(key, signer=signer, by=by)
    count_heads(on=timezone.localdate(), by=by)


@action
def _write(*, by: Actor) -> list[int]:
    for said in _RECIPIENTS:
        Recipient.objects.get_or_create(name=said["name"], defaults=said)
    for entity in LegalEntity.objects.all():
        for activity, purpose in _ASSESSED.items():
            ImpactAssessment.objects.get_or_create(
                entity=entity,
                activity=activity,
                defaults={
                    "legality": purpose,
                    "risk": "推荐不准或打扰；信息量小，不涉及敏感个人信息。",
                    "measures": "加密保存、分级可见、次数上限、随时可关、每年复审。",
                    "written_by": str(by),
                },
            )
    open_ones = ImpactAssessment.objects.filter(signed_at=None)
    return list(open_ones.values_list("pk", flat=True))


def ask_and_look(*, by: Actor) -> None:
    """One member asked for her copy by letter; her guide looked at her number for a delivery."""
    with scope_of(by):
        if SubjectRequest.objects.exists():
            return
        member = (
            Member.objects.filter(state=MemberState.ACTIVE, owner__isnull=False)
            .exclude(phone=None)
            .order_by("pk")
            .first()
        )
        guide = (
            None
            if member is None
            else Guide.objects.select_related("store", "account").get(pk=member.owner_id or 0)
        )
    if member is None or guide is None:
        return
    words = "我想知道你们保存了我哪些信息，请给我一份。"
    open_request(member.pk, RequestKind.COPY, words, by=by, reply_to="来信地址见信封")
    reveal_phone(member.pk, reason="delivery", by=actor_of_guide(guide))
