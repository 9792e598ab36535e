"""What can go wrong while registering; the docstring is what people read."""

from __future__ import annotations


class RegistrationError(Exception):
    """没有成功，请再试一次。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "")


class NoticeChanged(RegistrationError):
    """告知刚刚更新了，请您再看一眼。"""


class NoNotice(RegistrationError):
    """这家门店的告知还没有准备好，请联系店员。"""


class NotAgreedYet(RegistrationError):
    """请先看一看告知，再决定要不要继续。"""


class WrongPhone(RegistrationError):
    """请填写中国大陆的 11 位手机号。"""


class TooManyCodes(RegistrationError):
    """验证码要得太频繁了，请稍后再试。"""


class BudgetSpent(TooManyCodes):
    """现在要验证码的人太多，请过一会儿再试。"""


class PictureFirst(RegistrationError):
    """请先看图填写四位数字。"""


class WrongPicture(RegistrationError):
    """图里的数字不对，换了一张，请再看一次。"""


class TooYoung(RegistrationError):
    """未满 14 周岁，不能自己成为会员。"""


class NoChangeOfPhone(RegistrationError):
    """没有正在进行的换号。"""


class SamePhone(RegistrationError):
    """这就是您现在的手机号。"""


class ChangeTooEarly(RegistrationError):
    """等待期还没有过，到时间才能通过。"""


class ReasonNeeded(RegistrationError):
    """不通过要写明原因，会告诉会员。"""


class NoSuchGuide(RegistrationError):
    """这位导购现在不能成为您的专属导购。"""


class UnfitCode(RegistrationError):
    """这个场景还不能做码。"""
