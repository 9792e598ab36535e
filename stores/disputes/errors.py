"""What keeps a dispute from being opened, answered or decided; the docstring is what is shown."""


class NotHers(Exception):
    """没有找到这张小票，或者它与你无关。请核对小票号。"""


class NothingToDispute(Exception):
    """这张小票已经全部归你，不用申诉。"""


class OpenAlready(Exception):
    """你对这张小票的申诉还在等裁定。"""


class TooOld(Exception):
    """成交已超过 90 天，不能再申诉。"""


class NotOpen(Exception):
    """这个申诉已经结束了。"""


class NotForYou(Exception):
    """这个申诉要由不涉及其中、并管着相关门店的人裁定。"""


class NoWords(Exception):
    """请写一句说明，让裁定的人和同事看得明白。"""
