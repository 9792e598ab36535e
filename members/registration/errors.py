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


class UnfitCode(RegistrationError):
    """这个场景还不能做码。"""
