"""What can go wrong with identities; the docstring is what people read."""

from __future__ import annotations


class IdentityError(Exception):
    """没有保存。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "")


class AlreadySomebody(IdentityError):
    """这位企微客户已经对应另一位会员，没有更改。"""


class AlreadyDecided(IdentityError):
    """这条建议已经处理过了。"""
