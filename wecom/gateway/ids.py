"""Calls that turn one key of a person into another.

There is none that begins with a phone number.
"""

from __future__ import annotations

from collections.abc import Sequence

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import ConvertedId, UnionidMatch


class IdCalls(Chapter):
    """Conversions; none changes anything."""

    def openid_of(self, external_userid: str) -> str:
        """Her openid for payments, of the corp's own WeChat account."""
        asked = {"external_userid": external_userid}
        return self._ask("externalcontact/convert_to_openid", asked).key("openid")

    def external_userid_of_unionid(self, unionid: str, openid: str) -> UnionidMatch:
        """Who came through the service account, as WeCom knows her; both keys of one login."""
        asked = {"unionid": unionid, "openid": openid, "subject_type": 0}
        found = self._ask("idconvert/unionid_to_external_userid", asked)
        return UnionidMatch(found.text("external_userid"), found.text("pending_id"))

    def convert_temporary_ids(
        self, ids: Sequence[str], *, business: int = 1, people: int = 1
    ) -> list[ConvertedId]:
        """Who stands behind up to a hundred temporary ids; those that are unknown are left out."""
        api = "idconvert/convert_tmp_external_userid"
        Bounds(api).count("临时编号", ids, 100, least=1)
        asked = {"business_type": business, "user_type": people}
        found = self._ask(api, {**asked, "tmp_external_userid_list": list(ids)})
        return list(found.rows("results", _converted))

    def userids_of_open(self, open_userids: Sequence[str]) -> dict[str, str]:
        """The userids behind keys that robots and third parties see; unknown ones are left out."""
        api = "batch/openuserid_to_userid"
        Bounds(api).count("open_userid", open_userids, 1000, least=1)
        asked = {"open_userid_list": list(open_userids), "source_agentid": self.agent_id}
        rows = self._ask(api, asked).rows(
            "userid_list", lambda row: (row.key("open_userid"), row.userid("userid"))
        )
        return dict(rows)

    def external_userid_of_service(self, external_userid: str, agent_id: int) -> str:
        """Our key for a customer whom another application's provider names by its own."""
        asked = {"external_userid": external_userid, "source_agentid": agent_id}
        api = "externalcontact/from_service_external_userid"
        return self._ask(api, asked).key("external_userid")


def _converted(row: Answer) -> ConvertedId:
    return ConvertedId(
        asked=row.key("tmp_external_userid"),
        external_userid=row.text("external_userid"),
        corp_id=row.text("corpid"),
        userid=row.text("userid").lower(),
    )
