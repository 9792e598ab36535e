"""What can go wrong with points and coupons; the docstring is what people read."""

from __future__ import annotations


class RewardsError(Exception):
    """没有保存。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "")


class NotEnoughPoints(RewardsError):
    """积分不够。"""


class NoSuchCoupon(RewardsError):
    """没有这张券，或它已不能使用。"""


class CouponUsed(RewardsError):
    """这张券已经用过了。"""


class CouponExpired(RewardsError):
    """这张券已过期。"""


class SpendTooLittle(RewardsError):
    """没有达到这张券的最低消费。"""


class AlreadyDecided(RewardsError):
    """这次调整已经处理过了。"""


class WantsAnother(RewardsError):
    """这次调整超过单人上限，请另一位同事复核。"""


class OutsideDecides(RewardsError):
    """这个主体的积分以外部系统为准，请在那里调整。"""


class RuleUnfit(RewardsError):
    """规则写得不对。"""
