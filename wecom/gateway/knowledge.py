"""Calls of customer service's own question and answer store (知识库); ours stands in bot/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import KfKnowledge, KfKnowledgeGroup


class KnowledgeCalls(Chapter):
    """Shelves, questions and answers that WeCom's built-in assistant uses (document 95972)."""

    def kf_knowledge_groups(self) -> list[KfKnowledgeGroup]:
        """Every shelf."""
        pages = self._pages("kf/knowledge/list_group", {"limit": 1000})
        return [found for page in pages for found in page.rows("group_list", _group)]

    def create_kf_knowledge_group(self, name: str) -> str:
        """A new shelf, and its id."""
        api = "kf/knowledge/add_group"
        Bounds(api).characters("知识分组名称", name, 12, least=1)
        return self._change(api, {"name": name}).key("group_id")

    def rename_kf_knowledge_group(self, group_id: str, name: str) -> None:
        """Another name for a shelf; the first one keeps its own."""
        api = "kf/knowledge/mod_group"
        Bounds(api).characters("知识分组名称", name, 12, least=1)
        self._change(api, {"group_id": group_id, "name": name})

    def delete_kf_knowledge_group(self, group_id: str) -> None:
        """Remove a shelf with all that stands on it."""
        self._change("kf/knowledge/del_group", {"group_id": group_id})

    def kf_knowledge(self, group_id: str = "") -> list[KfKnowledge]:
        """The questions of a shelf, or of all."""
        asked = {"limit": 1000, **({"group_id": group_id} if group_id else {})}
        pages = self._pages("kf/knowledge/list_intent", asked)
        return [found for page in pages for found in page.rows("intent_list", _intent)]

    def create_kf_knowledge(
        self, group_id: str, question: str, answer: str, similar: Sequence[str] = ()
    ) -> str:
        """A new question with its answer, and its id."""
        api = "kf/knowledge/add_intent"
        asked = {"group_id": group_id, **_asked(api, question, answer, similar)}
        return self._change(api, asked).key("intent_id")

    def update_kf_knowledge(
        self, id: str, question: str, answer: str, similar: Sequence[str] = ()
    ) -> None:
        """Replace a question, those like it, and its answer."""
        api = "kf/knowledge/mod_intent"
        self._change(api, {"intent_id": id, **_asked(api, question, answer, similar)})

    def delete_kf_knowledge(self, id: str) -> None:
        """Remove a question."""
        self._change("kf/knowledge/del_intent", {"intent_id": id})


def _asked(api: str, question: str, answer: str, similar: Sequence[str]) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.characters("问题", question, 200, least=1)
    bounds.characters("回答", answer, 500, least=1)
    bounds.count("相似问题", similar, 100)
    for one in similar:
        bounds.characters("相似问题", one, 200, least=1)
    return {
        "question": _line(question),
        "similar_questions": {"items": [_line(one) for one in similar]},
        "answers": [_line(answer)],
    }


def _line(text: str) -> dict[str, Any]:
    return {"text": {"content": text}}


def _content(row: Answer) -> str:
    return row.part("text").text("content")


def _group(row: Answer) -> KfKnowledgeGroup:
    return KfKnowledgeGroup(
        row.key("group_id"), row.text("name"), is_default=row.flag("is_default")
    )


def _intent(row: Answer) -> KfKnowledge:
    answers = row.rows("answers", _content)
    return KfKnowledge(
        id=row.key("intent_id"),
        group_id=row.text("group_id"),
        question=_content(row.part("question")),
        similar_questions=row.part("similar_questions").rows("items", _content),
        answer=next(iter(answers), ""),
    )
