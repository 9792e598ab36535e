"""One application of the corp, as the house sees it."""

from __future__ import annotations

import os
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from wecom.gateway.acquisition import AcquisitionCalls
from wecom.gateway.archive import ArchiveCalls
from wecom.gateway.channels import ChannelCalls
from wecom.gateway.client import Client
from wecom.gateway.contacts import ContactCalls
from wecom.gateway.counters import CounterCalls
from wecom.gateway.desk import DeskCalls
from wecom.gateway.groups import GroupCalls
from wecom.gateway.handover import HandoverCalls
from wecom.gateway.ids import IdCalls
from wecom.gateway.knowledge import KnowledgeCalls
from wecom.gateway.media import MediaCalls
from wecom.gateway.moments import MomentCalls
from wecom.gateway.pages import PageCalls
from wecom.gateway.people import PeopleCalls
from wecom.gateway.sending import SendingCalls
from wecom.gateway.settingup import SettingUpCalls
from wecom.gateway.statistics import StatisticsCalls
from wecom.gateway.tags import TagCalls
from wecom.gateway.ways import WayCalls


class Gateway(
    PeopleCalls,
    ContactCalls,
    TagCalls,
    WayCalls,
    GroupCalls,
    HandoverCalls,
    StatisticsCalls,
    SendingCalls,
    MomentCalls,
    MediaCalls,
    DeskCalls,
    CounterCalls,
    KnowledgeCalls,
    ArchiveCalls,
    ChannelCalls,
    IdCalls,
    AcquisitionCalls,
    SettingUpCalls,
    PageCalls,
):
    """All calls of one application. Raises WecomError and nothing else for what WeCom does."""


def gateway_of(app: str = "main") -> Gateway:
    """The gateway of a named application, one per process.

    Raises ImproperlyConfigured when the settings do not name it or give it no secret.
    """
    found = settings.WECOM_APPS.get(app)
    if not found or not found.get("secret") or not settings.WECOM_CORP_ID:
        raise ImproperlyConfigured(f"WECOM_APPS has no application {app!r} with a secret")
    return _made(
        os.getpid(),
        settings.WECOM_CORP_ID,
        app,
        int(found.get("agent_id") or 0),
        str(found["secret"]),
        str(found.get("contact_secret") or ""),
    )


@lru_cache(maxsize=16)
def _made(
    _process: int, corp_id: str, app: str, agent_id: int, secret: str, contact_secret: str
) -> Gateway:
    # The process is part of the key: a forked worker must not share its parent's sockets.
    client = Client(corp_id=corp_id, secret=secret, name=app)
    contacts = (
        Client(corp_id=corp_id, secret=contact_secret, name=f"{app}-contacts")
        if contact_secret
        else client
    )
    return Gateway(client, contacts=contacts, agent_id=agent_id)
