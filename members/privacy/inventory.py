"""What is kept of people, for what, how long, and who receives it: computed from the code itself.

The same lines stand on HQ's page and in the published lists (网数条例 21).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models

from kit.classified import Grade
from kit.fields import SealedTextField
from members.privacy.models_of_duty import Recipient
from members.privacy.retaining import in_words, own_models

PERSONAL = (Grade.PERSONAL, Grade.PERSONAL_HIGH, Grade.SENSITIVE)
# Fields that only point at another row of hers say nothing by themselves.
_POINTERS = (models.ForeignKey,)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one table, as the catalogue declares it."""

    table: str
    title: str
    name: str
    words: str
    grade: Grade
    is_sealed: bool
    keep: str


def fields() -> list[Field]:
    """Every field of every table: the whole catalogue, tables in the order of their floors."""
    return [
        Field(
            table=model._meta.label,
            title=str(model._meta.verbose_name),
            name=field.name,
            words=_named(field),
            grade=privacy.grades[field.name],
            is_sealed=isinstance(field, SealedTextField),
            keep="；".join(in_words(rule) for rule in privacy.keep),
        )
        for model, privacy in own_models()
        for field in model._meta.concrete_fields
    ]


def published() -> list[Field]:
    """What concerns people: the list of collection that anybody may read."""
    return [line for line in fields() if line.grade in PERSONAL]


def recipients() -> Sequence[Recipient]:
    """Who receives it now: the second published list."""
    return list(Recipient.objects.filter(is_active=True).order_by("name"))


def _named(field: models.Field[object, object]) -> str:
    """Its Chinese name, or the one that the catalogue of words gives to fields of that name."""
    said = str(field.verbose_name)
    return said if not said.isascii() else _WORDS.get(field.name, field.name)


_WORDS = {
    "actor_name": "查看人姓名", "avatar_url": "头像地址", "body": "企业微信回调原文",
    "card_no": "会员卡号", "code": "短信验证码", "contact": "企微客户", "digest": "标识的摘要",
    "external_userid": "企微客户 ID", "ip": "IP 地址", "ip_digest": "IP 地址的摘要",
    "member": "会员", "member_no": "会员序号", "members": "会员序号",
    "name": "称呼", "openid": "微信 OpenID", "payload": "发给企业微信的内容",
    "answer": "企业微信的回执", "people": "看过的客户", "person": "说话人", "phone": "手机号",
    "phone_digest": "手机号的摘要", "pin_hash": "导购口令的摘要", "password": "账号密码的摘要",
    "recipients": "收件人", "sender": "说话人", "signature": "签名", "subject": "对象",
    "to": "对方", "unionid": "微信 UnionID", "unionid_digest": "UnionID 的摘要",
    "user_agent": "浏览器型号", "userid": "导购企微账号", "userids": "导购企微账号",
    "value": "账号标识", "words": "本人的原话", "creator_userid": "发布人企微账号",
    "birth_year": "出生年份", "repeat_minor": "预计复购金额", "rfm": "消费分层", "tag": "标签",
    "friendship": "好友关系", "held": "持有的数据", "wish": "想要的改动", "fields": "看了什么",
    "into_no": "合并到的序号", "latitude": "购买地点纬度", "longitude": "购买地点经度",
}  # fmt: skip
