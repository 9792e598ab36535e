"""What can be refused about articles; the docstring is the message shown."""

from __future__ import annotations


class UnknownFact(Exception):
    """回答里有不认识的占位，请从列表里选。"""


class SamePerson(Exception):
    """知识条目要由另一位同事审批，自己写的不能自己批。"""


class StaleFact(Exception):
    """资料缺失或太久没有更新，不能当作事实回答。"""
