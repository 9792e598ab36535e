"""What HQ is told when a material cannot be changed; the docstring is the message shown."""

from __future__ import annotations


class MaterialError(Exception):
    """素材没有改动。"""

    @property
    def text(self) -> str:
        """What happened and what to do, in Chinese."""
        return str(self.args[0]) if self.args else (type(self).__doc__ or "")


class SameHand(MaterialError):
    """自己写的素材要由另一个人审核，请同事来看一眼。"""


class Unready(MaterialError):
    """素材还不能审核。"""
