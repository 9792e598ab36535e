"""What this room refuses, in words for the screen."""

from __future__ import annotations


class LifecycleError(Exception):
    """这一步现在不能做。"""

    def __str__(self) -> str:
        return self.args[0] if self.args else (type(self).__doc__ or "")


class AlreadyPublished(LifecycleError):
    """这一版规则已经发布，不能再改；请另起一版。"""


class OlderRule(LifecycleError):
    """更新的一版规则已经发布，这一版不能再发布。"""


class NotToday(LifecycleError):
    """这张卡片已经过了当天，不能再记。"""


class AlreadyDone(LifecycleError):
    """这次分配已经执行过了。"""


class NothingToUndo(LifecycleError):
    """这次分配没有执行过，或者已经撤销。"""
