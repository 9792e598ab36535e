"""What can go wrong here, in words for the person who did it."""

from __future__ import annotations


class UnfairPin(ValueError):
    """这个 PIN 不能用，请换一个。"""


class HandOverError(Exception):
    """A hand-over that cannot be arranged so; `text` is what the person is told."""

    @property
    def text(self) -> str:
        """The sentence of the kind of error."""
        return (self.__doc__ or "").strip()


class NoSuccessor(HandOverError):
    """还没选好谁来接手。选一位或几位同事再决定。"""


class OneStandIn(HandOverError):
    """休假请一位同事代班就好，请只选一位。"""


class WrongSuccessor(HandOverError):
    """选中的同事不能接手：要在职、绑了企业微信、属于同一家公司，也不能是她自己。请重新选。"""


class AlreadyDecided(HandOverError):
    """这次交接已经有人决定了，安排不能再改。"""


class ChangedMeanwhile(HandOverError):
    """同事刚改过安排，什么都还没开始。请看过新的预览再决定。"""


class MessageTooLong(HandOverError):
    """写给客户的话太长：填上名字后不能超过 200 个字，请删短一些。"""


class BackBeforeGone(HandOverError):
    """回来的时间要在今天之后。"""
