"""Calls into groups of staff: appchat, the robot behind a webhook, the robot that was asked.

None of them reaches a customer: external people cannot stand in such groups (document 90244).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import md5, sha256
from typing import Any, Final

from django.conf import settings

from wecom.gateway import tokenless
from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.transport import WECOM
from wecom.gateway.types import StaffGroup

_CHAT_ID: Final = re.compile(r"[0-9A-Za-z]{0,32}")
_FILES: Final = {"file": 20, "voice": 2}


class ChannelCalls(Chapter):
    """Speaking to staff in groups."""

    def create_staff_group(
        self, name: str, userids: Sequence[str], *, owner: str = "", chat_id: str = ""
    ) -> str:
        """A group of staff, and its id; with an id of our own a repetition is refused (86215).

        It shows in their clients with the first message only.
        """
        api = "appchat/create"
        bounds = Bounds(api)
        bounds.characters("群名", name, 50)
        bounds.count("群成员", userids, 2000, least=2)
        if not _CHAT_ID.fullmatch(chat_id):
            bounds.refuse("群编号应为不超过 32 位的字母和数字")
        asked = given(name=name, owner=owner or None, chatid=chat_id or None)
        return self._change(api, {**asked, "userlist": list(userids)}).key("chatid")

    def update_staff_group(
        self,
        chat_id: str,
        *,
        name: str | None = None,
        owner: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Change a group that this application made; what is None stays."""
        api = "appchat/update"
        Bounds(api).characters("群名", name, 50)
        changed = given(
            name=name,
            owner=owner,
            add_user_list=list(add) or None,
            del_user_list=list(remove) or None,
        )
        self._change(api, {"chatid": chat_id, **changed})

    def staff_group(self, chat_id: str) -> StaffGroup:
        """Who stands in a group that this application made."""
        found = self._ask("appchat/get", chatid=chat_id).part("chat_info")
        return StaffGroup(
            chat_id=found.text("chatid") or chat_id,
            name=found.text("name"),
            owner_userid=found.text("owner").lower(),
            userids=found.userids("userlist"),
        )

    def say_in_staff_group(
        self, chat_id: str, text: str, *, url: str = "", title: str = ""
    ) -> None:
        """Say something in such a group; with `url` a card to tap. Nothing keeps it from a
        repetition: an error with Retry.ASK is for people to look at.
        """
        api = "appchat/send"
        said = _card(api, title, text, url) if url else _text(api, text)
        self._change(api, {"chatid": chat_id, **said})

    def say_by_webhook(
        self,
        key: str,
        text: str,
        *,
        mention: Sequence[str] = (),
        is_markdown: bool = False,
    ) -> None:
        """Say something in the group of a robot: 20 times a minute (45009), to staff only.

        `mention` names userids, or `@all`; in markdown `<@userid>` stands in the text.
        """
        api = "webhook/send"
        Bounds(api).octets("消息", text, 4096 if is_markdown else 2048, least=1)
        kind = "markdown" if is_markdown else "text"
        content: dict[str, Any] = {"content": text}
        if mention and not is_markdown:
            content["mentioned_list"] = list(mention)
        self._webhook(api, key, json={"msgtype": kind, kind: content})

    def show_by_webhook(self, key: str, picture: bytes) -> None:
        """Show a JPG or PNG of up to 2 MB in the group of a robot."""
        api = "webhook/send"
        Bounds(api).size("图片", picture, 2)
        digest = md5(picture, usedforsecurity=False).hexdigest()
        image = {"base64": b64encode(picture).decode(), "md5": digest}
        self._webhook(api, key, json={"msgtype": "image", "image": image})

    def hand_by_webhook(self, key: str, name: str, content: bytes, *, kind: str = "file") -> None:
        """Put a file (20 MB) or a voice (2 MB, AMR) into the group of a robot."""
        api = "webhook/upload_media"
        bounds = Bounds(api)
        bounds.one_of("文件类型", kind, _FILES)
        bounds.size("文件", content, _FILES[kind])
        made = self._webhook(api, key, files={"media": (name, content)}, type=kind)
        media = {"media_id": made.key("media_id")}
        self._webhook("webhook/send", key, json={"msgtype": kind, kind: media})

    def answer_as_robot(self, response_url: str, text: str) -> None:
        """Answer who asked the robot, in markdown, through the address that came with the question.

        Once for each address, within an hour (document 101138). An address that is not WeCom's is
        refused before anything is sent.
        """
        api = "aibot/response"
        Bounds(api).octets("消息", text, 20_480, least=1)
        said = {"msgtype": "markdown", "markdown": {"content": text}}
        tokenless.ask(api, "POST", _of_wecom(api, response_url), json=said)

    def answer_as_robot_with_card(self, response_url: str, card: Mapping[str, Any]) -> None:
        """The same with a template card, in WeCom's own fields."""
        api = "aibot/response"
        said = {"msgtype": "template_card", "template_card": dict(card)}
        tokenless.ask(api, "POST", _of_wecom(api, response_url), json=said)

    def _webhook(self, api: str, key: str, *, type: str = "", **how: Any) -> Answer:
        params = {"key": key, **({"type": type} if type else {})}
        # Twenty a minute are one robot's, whoever makes it speak; its key is a secret.
        robot = sha256(key.encode()).hexdigest()[:16]
        with self._client._governor.admit(api, people=(robot,)):
            return tokenless.ask(api, "POST", WECOM + api, params=params, **how)


def _of_wecom(api: str, response_url: str) -> str:
    """The address, if it is one of WeCom's: whoever forged it must not make us call elsewhere."""
    base = str(settings.WECOM_API_BASE_URL).rstrip("/") + "/"
    if not response_url.startswith((f"{WECOM}{api}", f"{base}{api}")):
        Bounds(api).refuse("回复地址不属于企业微信")
    return response_url


def _text(api: str, text: str) -> dict[str, Any]:
    Bounds(api).octets("消息", text, 2048, least=1)
    return {"msgtype": "text", "text": {"content": text}}


def _card(api: str, title: str, text: str, url: str) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.octets("卡片标题", title, 128, least=1)
    bounds.octets("卡片描述", text, 512, least=1)
    bounds.octets("链接地址", url, 2048, least=1)
    card = {"title": title, "description": text, "url": url}
    return {"msgtype": "textcard", "textcard": card}
