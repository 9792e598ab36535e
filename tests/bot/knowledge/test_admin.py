"""HQ writes an article in the admin; another colleague approves it there."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from bot.knowledge.models import Article, ArticleState
from stores.org.models import Account
from tests.bot.builders import a_colleague, a_group, say, the_knowledge
from tests.cast import Cast

LIST = "/admin/bot/article/"


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def write(client: Client, address: str = f"{LIST}add/", **more: str) -> int:
    said = {
        "question": "几点关门？",
        "phrasings": "周日营业到几点\n\n  今天营业到几点 ",
        "answer": "{store_name}{asked_day}营业时间 {store_hours}。",
        "topic": "营业时间",
        "expires_on": "",
    }
    return client.post(address, said | more).status_code


def act(client: Client, name: str) -> list[str]:
    keys = [str(key) for key in Article.objects.values_list("pk", flat=True)]
    answer = client.post(LIST, {"action": name, "_selected_action": keys})
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_one_writes_and_another_approves(cast: Cast) -> None:
    author, colleague = signed_in(cast.hq), signed_in(a_colleague())
    assert write(author) == 302
    article = Article.objects.get()
    assert article.phrasings == ["周日营业到几点", "今天营业到几点"]
    assert (article.state, article.written_by) == (ArticleState.DRAFT, cast.hq)
    assert any("自己写的不能自己批" in said for said in act(author, "approve"))
    act(colleague, "approve")
    article.refresh_from_db()
    assert (article.state, article.approved_by) == (ArticleState.APPROVED, a_colleague())
    # A new wording waits again.
    assert write(author, f"{LIST}{article.pk}/change/", answer="十点关门。") == 302
    article.refresh_from_db()
    assert (article.state, article.answer) == (ArticleState.DRAFT, "十点关门。")
    act(colleague, "approve")
    act(colleague, "mute")
    article.refresh_from_db()
    assert article.state == ArticleState.MUTED


def test_an_unknown_fact_is_refused_in_words(cast: Cast) -> None:
    client = signed_in(cast.hq)
    assert write(client, answer="还有 {stock} 件。") == 200
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    "name", ["article", "heardmessage", "draft", "escalation", "kfaccount", "channelcursor"]
)
def test_every_list_opens_and_keeps_her_words_masked(cast: Cast, name: str) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    say("请问今天营业到几点？", group=group)
    say("我要退款", group=group)
    client = signed_in(cast.hq)
    answer = client.get(reverse(f"admin:bot_{name}_changelist"))
    assert answer.status_code == 200
    assert "我要退款" not in answer.content.decode()
