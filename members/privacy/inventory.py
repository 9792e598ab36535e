"""What is kept of people, for what, how long, and who receives it: computed from the code itself.

The same lines stand on HQ's page and in the published lists (网数条例 21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from django.db import models

from kit.classified import Grade
from kit.fields import SealedTextField
from members.identity.models import Member
from members.privacy.models_of_duty import Recipient
from members.privacy.retaining import in_words, own_models

PERSONAL = (Grade.PERSONAL, Grade.PERSONAL_HIGH, Grade.SENSITIVE)
# What she gave and did, before what machines pass on about her.
_NEAREST = ("members", "groups", "bot", "stores", "wecom", "kit")
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
            title=title_of(model),
            name=field.name,
            words=named(field),
            grade=privacy.grades[field.name],
            is_sealed=isinstance(field, SealedTextField),
            keep="；".join(in_words(rule) for rule in privacy.keep),
        )
        for model, privacy in own_models()
        for field in model._meta.concrete_fields
    ]


@dataclass(frozen=True, slots=True)
class Table:
    """One table as HQ reads it: its highest grade, what ends its rows, its fields."""

    title: str
    label: str
    grade: Grade
    keep: str
    fields: Sequence[Field]


def by_table() -> list[Table]:
    """The catalogue table by table, the most harmful first."""
    found = []
    for label, those in groupby(fields(), key=lambda line: line.table):
        lines = list(those)
        grade = max((line.grade for line in lines), key=list(Grade).index)
        found.append(Table(lines[0].title, label, grade, lines[0].keep, lines))
    return sorted(found, key=lambda table: -list(Grade).index(table.grade))


def published() -> list[Field]:
    """What concerns people: the list of collection that anybody may read, nearest to her first."""
    lines = [line for line in fields() if line.grade in PERSONAL]
    return sorted(lines, key=lambda line: _NEAREST.index(line.table.partition(".")[0]))


def recipients() -> Sequence[Recipient]:
    """Who receives it now: the second published list."""
    return list(Recipient.objects.filter(is_active=True).order_by("name"))


def title_of(model: type[models.Model]) -> str:
    """What a table is called by people."""
    said = str(model._meta.verbose_name)
    return said if not said.isascii() else _TITLES.get(model.__name__, said)


def named(field: models.Field[object, object]) -> str:
    """Its Chinese name, or the one that the catalogue of words gives to fields of that name."""
    said = str(field.verbose_name)
    if not said.isascii():
        return said
    return _WORDS.get(f"{field.model.__name__}.{field.name}", _WORDS.get(field.name, said))


def said_of(name: str) -> str:
    """What a table ("members.Contact") or a column ("phone") of a register is called by people."""
    if "." not in name:
        hers = {field.name: field for field in Member._meta.concrete_fields}
        return named(hers[name]) if name in hers else _WORDS.get(name, name)
    table = _tables().get(name.lower())
    return name if table is None else title_of(table)


@cache
def _tables() -> Mapping[str, type[models.Model]]:
    return {model._meta.label_lower: model for model, _ in own_models()}


def give_names() -> None:
    """Call tables and columns on HQ's screens as the lists do; migrations keep what a model says.

    Django writes `_verbose_name` and the original Meta into migrations, neither is touched.
    """
    for model, _ in own_models():
        title = title_of(model)
        if title != model._meta.verbose_name:
            model._meta.verbose_name = model._meta.verbose_name_plural = title
        for field in model._meta.concrete_fields:
            field.verbose_name = named(field)


# Tables whose models say no name in Chinese.
_TITLES = {
    "MergedMember": "合并过的会员序号", "AudienceChange": "人群统计的变化",
    "AudienceFacet": "人群统计", "ConsentProof": "授权凭证", "NoticeSeen": "看过的告知",
    "Trait": "查重用的特征", "ImportPiece": "导入文件", "ImportKey": "导入查重",
    "ImportedMember": "由文件导入", "AssignmentLine": "分配导购", "ErasureTrail": "删除凭据",
    "OneTimeCode": "短信验证码", "CodeRequest": "验证码次数", "TagTakenOff": "去掉的标签",
    "BehaviourKey": "行为查重", "CardUse": "会员码核对", "JobSlot": "定时任务",
    "DomainEvent": "领域事件", "Handling": "事件的处理",
}  # fmt: skip
_WORDS = {
    "at": "时间", "kind": "种类", "purpose": "用途", "channel": "渠道", "decision": "决定",
    "notice": "告知", "guide": "导购", "store": "门店", "method": "方式", "is_granted": "同意",
    "since": "自", "until": "至", "verified_at": "验证时间", "created_at": "建立时间",
    "made_at": "建立时间", "joined_by": "怎样认出", "read_at": "读取时间", "event": "授权记录",
    "by": "操作者", "source": "来源", "row": "文件行号", "is_new": "由导入建立",
    "changed": "改了什么", "proof": "证明什么", "sent_at": "发送时间", "used_at": "使用时间",
    "proven_at": "验证时间", "expires_at": "有效期至", "channel_code": "渠道码",
    "decisions": "勾选", "registration": "注册", "currency": "币种", "rule": "规则",
    "decided_by": "处理人", "decided_at": "处理时间", "shown_at": "出示时间",
    "entity": "公司", "evidence": "依据", "undone_at": "撤销时间", "undone_by": "撤销人",
    "is_same": "是不是同一人", "touches": "互动", "purchase_line": "订单行", "seen_at": "看的时间",
    "done_at": "完成时间", "taken_back_at": "收回时间", "look_again_on": "下次计算",
    "known_at": "读取时间", "troubles": "失败次数", "once": "编号", "version": "版本",
    "what": "什么", "moment": "时间", "step": "时段", "used_by": "核对的收银台",
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
    "actor": "操作者", "after": "算到哪里", "attempts": "试过几次", "batch": "批次",
    "changed_by": "修改人", "claimed_at": "领取时间", "claims_mark": "身份算到哪里",
    "content": "文件内容", "cuts": "分界", "error": "错误", "handler": "处理程序", "id": "序号",
    "job": "任务", "lines_mark": "订单算到哪里", "made_by": "建立人", "model": "模型",
    "month": "月份", "next_look_at": "下次查看", "next_try_at": "下次重试", "pdf": "PDF 文件",
    "planned_parts": "计划分几部分", "position": "算到哪里", "public_id": "公开编号",
    "settlement": "结算", "sha256": "校验值", "slot": "时段", "started_at": "开始时间",
    "state": "状态", "token": "码", "tries": "试过几次", "wecom_name": "企业微信里的名称",
    "wecom_state": "企业微信渠道参数", "wishes": "想要的改动", "yardstick": "测定",
    "DomainEvent.payload": "内容", "DomainEvent.once": "查重编号",
    "joined_on": "入会日期",
    "into_no": "合并到的序号", "latitude": "购买地点纬度", "longitude": "购买地点经度",
}  # fmt: skip
