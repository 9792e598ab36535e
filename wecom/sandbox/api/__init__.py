"""WeCom's server API, one module per chapter of its documents.

Importing a chapter registers its paths; the door in ``wire.door`` serves them.
"""

from starlette.routing import Route

from wecom.sandbox.wire.door import answer_api

from . import (
    archive,
    channels,
    contacts,
    conversions,
    directory,
    group_welcomes,
    groups,
    identity,
    kf,
    labels,
    mass,
    media,
    messages,
    served,
    staff,
    statistics,
    tags,
    tokens,
    transfers,
    ways,
)

CHAPTERS = (
    archive,
    channels,
    contacts,
    conversions,
    directory,
    group_welcomes,
    groups,
    identity,
    kf,
    labels,
    mass,
    media,
    messages,
    served,
    staff,
    statistics,
    tags,
    tokens,
    transfers,
    ways,
)
ROUTES = [Route("/sandbox/cgi-bin/{path:path}", answer_api, methods=["GET", "POST"])]
