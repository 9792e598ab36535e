"""What HQ is told when a rule cannot be approved."""

from __future__ import annotations


class OwnRule(Exception):
    """规则须由另一位同事批准，提出的人不能批准自己的规则。"""


class TooLate(Exception):
    """生效时间已过。规则只对将来的订单生效，请改用新的生效时间重新提出。"""


class Untried(Exception):
    """这条规则还没有试算完。等结果出来，看清每位导购、每家门店会变多少，再批准。"""


class NothingToTry(Exception):
    """所选时间里没有订单，换一段时间再试算。"""
