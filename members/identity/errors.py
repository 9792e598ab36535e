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


class NoLongerAMember(IdentityError):
    """这位会员已经退会，她的企业微信不再和她的会员资料连在一起。"""


class NotOnePerson(IdentityError):
    """这两位不能合并：不在同一家公司，或其中一位已删除、被限制处理。"""


class PartLaterFirst(IdentityError):
    """之后还有一次合并，请先拆开那一次。"""


class CannotPart(IdentityError):
    """这位会员的资料已删除，不能再拆开。"""


class StaleEdit(IdentityError):
    """这位会员的资料刚被别人改过，您的修改还没有保存。"""
