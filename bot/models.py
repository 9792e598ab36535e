"""The tables of this floor, imported from its rooms for Django to find them."""

from bot.channels.models import ChannelCursor, KfAccount
from bot.escalations.models import Escalation
from bot.knowledge.models import Article
from bot.replies.models import Draft
from bot.understanding.models import HeardMessage

__all__ = ["Article", "ChannelCursor", "Draft", "Escalation", "HeardMessage", "KfAccount"]
