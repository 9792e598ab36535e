"""No table of its own: the name under which the page stands among HQ's screens and rights."""

from __future__ import annotations

from typing import ClassVar

from wecom.outbox.models import OutboxPause


class Health(OutboxPause):
    """Who may view it sees the page; who may change it presses its buttons."""

    privacy: ClassVar = OutboxPause.privacy

    class Meta:
        proxy = True
        default_permissions = ("view", "change")
        verbose_name = verbose_name_plural = "企业微信健康"
