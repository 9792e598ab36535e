"""The chapters beside customers and groups: moments, uploads, robots, internal groups."""

from . import (
    aibots,
    appchats,
    kf_accounts,
    kf_figures,
    kf_knowledge,
    menus,
    moments,
    uploads,
    webhooks,
)

CHAPTERS = (
    aibots,
    appchats,
    kf_accounts,
    kf_figures,
    kf_knowledge,
    menus,
    moments,
    uploads,
    webhooks,
)
