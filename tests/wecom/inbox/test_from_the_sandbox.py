"""The sandbox's own callbacks through a real web process: two readings of the envelope meet."""

from __future__ import annotations

import pytest

from kit.actor import Actor
from kit.events import DomainEvent
from tests.faults.web import a_web_process
from tests.processes import wait_for
from tests.sandbox import CHEN, GROUP, KF, WU, Sandbox, a_world
from tests.servers import TestServers
from wecom.inbox.actions import read_waiting

pytestmark = pytest.mark.django_db(transaction=True)


def kinds_heard() -> set[str]:
    """Read what waits in the inbox; the kinds told so far."""
    read_waiting(by=Actor.system("test"))
    found = DomainEvent.objects.filter(kind__startswith="wecom.")
    return set(found.values_list("kind", flat=True))


def test_what_people_do_arrives_as_domain_events(wecom: Sandbox, servers: TestServers) -> None:
    (app, *_) = a_world()["apps"]
    with a_web_process(
        servers, token=app["callback_token"], aes_key=app["callback_aes_key"]
    ) as web:
        wecom.reset(callback_url=web.url)
        wecom.act("add_friend", userid="LinXiao", customer=WU, state="poster_9")
        wecom.act("leave_group", customer=WU, chat_id=GROUP)
        wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="几点关门？")
        wecom.act("delete_guide", customer=CHEN, userid="LinXiao")
        # Four acts may be more than four callbacks: what counts is that each kind was heard.
        wait_for(lambda: len(kinds_heard()) == 4, "four kinds of callbacks")
    heard = {event.kind: event for event in DomainEvent.objects.filter(kind__startswith="wecom.")}
    added = heard["wecom.change_external_contact.add_external_contact"]
    assert added.subject == f"contact:{WU}"
    assert added.payload["userid"] == "linxiao"
    assert added.payload["state"] == "poster_9"
    assert added.payload["welcome_code"]
    left = heard["wecom.change_external_chat.update"]
    assert (left.subject, left.payload["update_detail"]) == (f"group:{GROUP}", "del_member")
    assert left.payload["mem_change_list"] == [WU]
    assert heard["wecom.kf_msg_or_event"].payload["open_kfid"] == KF
    assert "wecom.change_external_contact.del_follow_user" in heard
    assert "wecom.unknown" not in heard
