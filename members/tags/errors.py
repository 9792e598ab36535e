"""What is refused about tags. The docstring is what a person reads."""

from __future__ import annotations


class TagRefused(Exception):
    """不能打这个标签。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (type(self).__doc__ or "")


class NotAllowed(TagRefused):
    """她没有同意“按我的喜好推荐”，不打标签。"""


class NotOffered(TagRefused):
    """这个标签已经停用，或不由导购来打。"""


class TagUnfit(TagRefused):
    """这个标签不能这样保存。"""
