"""What can be refused about escalations; the docstring is the message shown."""

from __future__ import annotations


class TakenByAnother(Exception):
    """同事已经接手了这个问题。"""


class NoManager(Exception):
    """门店现在没有店长可以转，请直接联系督导。"""
