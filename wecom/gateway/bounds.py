"""WeCom's bounds of one call, checked before it is made: what would be refused or silently cut.

Not: how often one may call; that is the governor's.
"""

from __future__ import annotations

from collections.abc import Container, Sized
from datetime import date

from wecom.gateway.errors import NotAsked


class Bounds:
    """The bounds of one API. Every refusal is NotAsked, with a sentence that names the bound."""

    def __init__(self, api: str) -> None:
        self._api = api

    def characters(self, what: str, text: str | None, most: int, *, least: int = 0) -> None:
        """So many characters, as people count them."""
        if text is not None and not least <= len(text) <= most:
            self.refuse(f"{what}应为 {least}～{most} 个字，现有 {len(text)} 个")

    def octets(self, what: str, text: str | None, most: int, *, least: int = 0) -> None:
        """So many bytes in UTF-8: a Chinese character has three."""
        count = len((text or "").encode())
        if text is not None and not least <= count <= most:
            self.refuse(f"{what}应为 {least}～{most} 字节（每个汉字 3 字节），现有 {count} 字节")

    def count(self, what: str, things: Sized | None, most: int, *, least: int = 0) -> None:
        """So many of a thing."""
        if things is not None and not least <= len(things) <= most:
            self.refuse(f"{what}一次应为 {least}～{most} 个，现有 {len(things)} 个")

    def size(self, what: str, content: bytes, megabytes: int) -> None:
        """A file: more than five bytes, and no more than WeCom takes."""
        if not 5 < len(content) <= megabytes * 1024 * 1024:
            self.refuse(f"{what}应大于 5 字节、不超过 {megabytes} MB，现有 {len(content)} 字节")

    def some(self, what: str, *things: object) -> None:
        """At least one of these."""
        if not any(things):
            self.refuse(f"{what}不能全为空")

    def one_of(self, what: str, word: str, known: Container[str]) -> None:
        """A word that WeCom knows."""
        if word not in known:
            self.refuse(f"{what}不支持 {word}")

    def days(self, what: str, since: date, until: date, most: int) -> None:
        """A span of so many days, in the right order."""
        if not 0 <= (until - since).days <= most:
            self.refuse(f"{what}应先后有序且不超过 {most} 天")

    def refuse(self, why: str) -> None:
        """Raise NotAsked with these words."""
        raise NotAsked(None, why, api=self._api, advice=f"{why}，请修改后重试。")
