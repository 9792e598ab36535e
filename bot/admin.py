"""HQ's screens of this floor, imported from its rooms."""

from bot.channels.admin import ChannelCursorAdmin, KfAccountAdmin
from bot.escalations.admin import EscalationAdmin
from bot.knowledge.admin import ArticleAdmin
from bot.replies.admin import DraftAdmin
from bot.understanding.admin import HeardMessageAdmin

__all__ = [
    "ArticleAdmin",
    "ChannelCursorAdmin",
    "DraftAdmin",
    "EscalationAdmin",
    "HeardMessageAdmin",
    "KfAccountAdmin",
]
