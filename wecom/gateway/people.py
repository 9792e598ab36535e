"""Calls about the corp's own people: departments, guides, who may be seen."""

from __future__ import annotations

from typing import Final

from wecom.gateway.answers import Answer
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import Department, MemberDetails, StaffCard, StaffName, VisibleRange
from wecom.gateway.types.people import StaffState

_STATES: Final[dict[int, StaffState]] = {1: "active", 2: "disabled", 4: "inactive", 5: "left"}


class PeopleCalls(Chapter):
    """Reading departments and guides; only those in the application's visible range."""

    def departments(self) -> list[Department]:
        """Every visible department. Slow at WeCom: once in a sweep, not on a page."""
        return list(self._ask("department/list").rows("department", _department))

    def department_places(self) -> list[Department]:
        """The same without names: the tree alone, cheaper than `departments`."""
        return list(self._ask("department/simplelist").rows("department_id", _department))

    def members_of(self, department_id: int) -> list[StaffCard]:
        """Who stands directly in this department, without those below it (45029 when too many)."""
        found = self._ask("user/list", department_id=department_id, fetch_child=0)
        return list(found.rows("userlist", _staff))

    def names_of(self, department_id: int) -> list[StaffName]:
        """The short list of those who stand directly in this department."""
        found = self._ask("user/simplelist", department_id=department_id, fetch_child=0)
        return list(found.rows("userlist", _name))

    def staff(self, userid: str) -> StaffCard:
        """One member of the corp. Raises GuideNotUsable for unknown, left, or out of range."""
        return _staff(self._ask("user/get", userid=userid))

    def visible_range(self) -> VisibleRange:
        """Whom this application was given by an admin; departments stand for all below them."""
        found = self._ask("agent/get", agentid=self.agent_id)
        people = found.part("allow_userinfos").rows("user", lambda row: row.userid("userid"))
        return VisibleRange(
            userids=people,
            department_ids=found.part("allow_partys").numbers("partyid"),
            is_closed=found.flag("close"),
        )

    def guides_with_contacts(self) -> list[str]:
        """The guides in range who may have customers as friends."""
        return list(self._ask("externalcontact/get_follow_user_list").userids("follow_user"))

    def member_details(self, ticket: str) -> MemberDetails:
        """What a guide agreed to show; the ticket comes with her login and lives half an hour."""
        found = self._ask("auth/getuserdetail", {"user_ticket": ticket})
        return MemberDetails(
            userid=found.userid("userid"),
            mobile=found.text("mobile"),
            email=found.text("biz_mail", "email"),
            avatar=found.text("avatar"),
            qr_code_url=found.text("qr_code"),
        )

    def callback_addresses(self) -> list[str]:
        """The IP addresses from which WeCom calls back; some end in `*`."""
        return list(self._ask("getcallbackip").texts("ip_list"))

    def api_addresses(self) -> list[str]:
        """The IP addresses of the API itself, for a firewall."""
        return list(self._ask("get_api_domain_ip").texts("ip_list"))


def _department(row: Answer) -> Department:
    return Department(
        id=row.number("id"),
        name=row.text("name"),
        parent_id=row.number("parentid"),
        order=row.number("order"),
    )


def _staff(row: Answer) -> StaffCard:
    departments = row.numbers("department")
    return StaffCard(
        userid=row.userid("userid"),
        name=row.text("name"),
        department_ids=departments,
        main_department=row.number("main_department", next(iter(departments), 0)),
        position=row.text("position"),
        # Missing or new: somebody whom WeCom lists is not locked out by a number we never saw.
        state=row.one_of("status", _STATES, "active"),
    )


def _name(row: Answer) -> StaffName:
    return StaffName(
        userid=row.userid("userid"), name=row.text("name"), department_ids=row.numbers("department")
    )
