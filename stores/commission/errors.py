"""What HQ is told when a month cannot be settled or a plan cannot be approved."""

from __future__ import annotations


class NotOver(Exception):
    """这个月还没有过完，过完以后再结算；现在可以先看预览。"""


class NotNext(Exception):
    """请按月份顺序结算：上一个月还没有结算，或者这个月已经结算过。"""


class StillSettling(Exception):
    """上一个月还在结算，算完再结算这个月。"""


class NoPlan(Exception):
    """这个月没有已批准的提成方案，请先提出方案并由另一位同事批准。"""


class OwnPlan(Exception):
    """方案须由另一位同事批准，提出的人不能批准自己的方案。"""


class PlanTooLate(Exception):
    """方案要生效的月份里，有的已经结算。请改用还没有结算的月份重新提出。"""
