"""Which articles the bot may use now."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, Max

from bot.knowledge.models import Article


def speaking_articles(on: date) -> list[Article]:
    """All that may be used on a day."""
    return list(Article.objects.speaking(on))


def wording_of_knowledge(on: date) -> str:
    """A sign that changes with every change of what may be used; one cheap query."""
    found = Article.objects.speaking(on).aggregate(count=Count("pk"), newest=Max("updated_at"))
    return f"{on}|{found['count']}|{found['newest']}"
