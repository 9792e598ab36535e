"""Celery tasks of this floor, imported from its rooms."""

from bot.channels.tasks import forget_heard, listen_again
from bot.escalations.tasks import reroute_overdue
from bot.knowledge.tasks import expire_articles
from bot.replies.tasks import expire_drafts

__all__ = ["expire_articles", "expire_drafts", "forget_heard", "listen_again", "reroute_overdue"]
