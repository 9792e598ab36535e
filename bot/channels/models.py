"""How far each channel was heard, and whose customer service accounts are whose."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from kit.classified import declare, keep_always
from kit.fields import PublicIdField
from stores.org.models import Guide, Store


class ChannelCursor(models.Model):
    """The place in a channel up to which everything was handled; locked while a page is."""

    channel = models.CharField("渠道", max_length=80, unique=True)
    position = models.CharField("位置", max_length=128, blank=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    privacy: ClassVar = declare(
        keep=keep_always("读到哪里，没有个人信息"), internal="id channel position updated_at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "读取进度"

    def __str__(self) -> str:
        return self.channel


class KfAccount(models.Model):
    """A 微信客服 account: for which store it speaks, and which guide helps when it cannot."""

    public_id = PublicIdField()
    open_kfid = models.CharField("客服账号 ID", max_length=64, unique=True)
    name = models.CharField("名称", max_length=60)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="接待导购")
    answers = models.BooleanField("小助手自动回答", default=True)

    privacy: ClassVar = declare(
        keep=keep_always("品牌自己的客服账号"),
        internal="id public_id open_kfid name store guide answers",
    )

    class Meta:
        verbose_name = verbose_name_plural = "微信客服账号"

    def __str__(self) -> str:
        return self.name
