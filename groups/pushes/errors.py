"""What HQ is told when a push cannot go on; the docstring is the message shown."""

from __future__ import annotations


class PushError(Exception):
    """群发没有继续。"""

    @property
    def text(self) -> str:
        """What happened and what to do, in Chinese."""
        return str(self.args[0]) if self.args else (type(self).__doc__ or "")


class MaterialUnfit(PushError):
    """素材还没有经过第二个人审核，或者已过有效期。请先到“素材”里处理。"""


class NotPlanned(PushError):
    """发起前请先预演，看清谁会收到、谁不会收到。"""


class PlanOutdated(PushError):
    """预演已经是半天以前的了，人群和授权可能有变化。请重新预演一次再发起。"""


class AudienceChanged(PushError):
    """预演之后有人改了这个人群的条件，预演的人数不再是会收到的人。请重新预演一次再发起。"""


class NotAssessed(PushError):
    """这个人群按会员的行为挑选，要先签字“自动化决策与个性化推送”的个人信息保护影响评估。"""


class NobodyLeft(PushError):
    """按现在的人群和授权，没有人会收到。请换一个人群。"""


class NoMomentLeft(PushError):
    """从计划时间到素材过期之间都是免打扰时段，发不出去。请改计划时间。"""


class AlreadyLaunched(PushError):
    """这次群发已经发起，不能再改。可以停止它，或另建一个。"""
