"""What an application may say to members, each kind within its limits (wecom.md 7.1)."""

from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import media
from wecom.sandbox.wire import cards, reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call

TEXT_BYTES = 2048
# Texts are cut; only what is far over is refused. Where far begins is a guess.
FAR_OVER = 65_536
ARTICLES = 8
PAGE_BYTES = 666 * 1024
Part = dict[str, Any]


def text(call: Call, part: Part) -> Part:
    """Words; longer ones are cut at 2048 bytes, not refused."""
    content = reading.text(part, "content", missing=44004, bytes=FAR_OVER, too_long=45002)
    return part | {"content": content.encode()[:TEXT_BYTES].decode("utf-8", "ignore")}


def markdown(call: Call, part: Part) -> Part:
    """Marked-up words of at most 2048 bytes."""
    reading.text(part, "content", missing=44004, bytes=TEXT_BYTES, too_long=45002)
    return part


def file_of(kind: str) -> Callable[[Call, Part], Part]:
    """A file of media/upload that lives and is of its kind."""

    def check(call: Call, part: Part) -> Part:
        media_id = reading.text(part, "media_id", missing=41006)
        if not media.is_usable(call.world, media_id, kind):
            raise ApiError(40007)
        limit(part, title=128, description=512)
        return part

    return check


def limit(part: Part, **limits: int) -> None:
    """Optional texts within their bytes."""
    for name, most in limits.items():
        reading.text(part, name, bytes=most, too_long=45002)


def textcard(call: Call, part: Part) -> Part:
    """A card with a title, words, an address and a button of at most four letters."""
    for name, most in (("title", 128), ("description", 512), ("url", 2048)):
        reading.text(part, name, missing=40063, bytes=most, too_long=45002)
    reading.text(part, "btntxt", chars=4)
    return part


def articles_of(part: Part) -> list[Part]:
    """One to eight articles."""
    listed = part.get("articles")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ApiError(40058, "invalid articles")
    if not listed:
        raise ApiError(40063)
    if len(listed) > ARTICLES:
        raise ApiError(45008)
    return listed


def news(call: Call, part: Part) -> Part:
    """Articles that open a page or a mini-program."""
    for article in articles_of(part):
        reading.text(article, "title", missing=40063, bytes=128, too_long=45002)
        limit(article, description=512, picurl=2048)
        if not reading.text(article, "url", bytes=2048) and not reading.text(article, "appid"):
            raise ApiError(40063, "url and appid are both empty")
    return part


def mpnews(call: Call, part: Part) -> Part:
    """Articles that WeCom keeps itself."""
    for article in articles_of(part):
        reading.text(article, "title", missing=40063, bytes=128, too_long=45002)
        reading.text(article, "content", missing=44004, bytes=PAGE_BYTES, too_long=45002)
        limit(article, author=64, digest=512)
        thumb = reading.text(article, "thumb_media_id", missing=41006)
        if not media.is_usable(call.world, thumb, "image"):
            raise ApiError(40007)
    return part


def miniprogram_notice(call: Call, part: Part) -> Part:
    """A notice of a mini-program: a title of 4 to 12 letters and up to ten lines."""
    reading.text(part, "appid", missing=40063)
    title = reading.text(part, "title", missing=40063, chars=12)
    if len(title) < 4:
        raise ApiError(40058, "invalid title size")
    limit(part, description=512)
    for item in cards.entries(part, "content_item", most=10):
        reading.text(item, "key", missing=40063)
        reading.text(item, "value", missing=40063)
    return part


def template_card(call: Call, part: Part) -> Part:
    """A card whose task id this application has not used before."""
    card = cards.check_card(part)
    if card.get("task_id") and call.world.store.value(
        "SELECT 1 FROM app_message WHERE agent_id = ? AND task_id = ?",
        call.app["agent_id"],
        card["task_id"],
    ):
        raise ApiError(42014, "task_id is not unique")
    return card


KINDS: dict[str, Callable[[Call, Part], Part]] = {
    "text": text,
    "markdown": markdown,
    "image": file_of("image"),
    "voice": file_of("voice"),
    "video": file_of("video"),
    "file": file_of("file"),
    "textcard": textcard,
    "news": news,
    "mpnews": mpnews,
    "miniprogram_notice": miniprogram_notice,
    "template_card": template_card,
}
IN_GROUPS = ("text", "markdown", "image", "voice", "video", "file", "textcard", "news", "mpnews")


def read_content(call: Call, kinds: tuple[str, ...] = tuple(KINDS)) -> dict[str, Any]:
    """The message part of a request, checked."""
    kind = reading.text(call.body, "msgtype", missing=40008)
    if kind not in kinds:
        raise ApiError(40008)
    part = reading.mapping(call.body, kind)
    if not part:
        raise ApiError(40063)
    if reading.number(call.body, "safe", 0) > (2 if kind == "mpnews" else 1):
        raise ApiError(40058, "invalid safe")
    return {"msgtype": kind, kind: KINDS[kind](call, part)}
