"""What can go wrong with permissions; the docstring is what people read."""

from __future__ import annotations


class ConsentError(Exception):
    """授权没有保存。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "")


class NotAMember(ConsentError):
    """她已经不是会员，没有可以更改的授权。"""


class MembershipIsLeft(ConsentError):
    """会员服务不能单独关闭；要结束，请用“退出会员”。"""


class NoticeUnfit(ConsentError):
    """这份告知还不能发布。"""


class NoticePublished(ConsentError):
    """已发布的告知不能再改，请写新的一版。"""
