"""The chapters beside customers and groups: moments, links, robots, internal groups, rules.

Three parts of the truth listen to conversations; importing them here lets them hear.
"""

from wecom.sandbox.truth import acquisition as links
from wecom.sandbox.truth import archive
from wecom.sandbox.truth import intercepts as words

from . import (
    acquisition,
    aibots,
    appchats,
    intercepts,
    kf_accounts,
    kf_figures,
    kf_knowledge,
    menus,
    moments,
    products,
    strategies,
    uploads,
    webhooks,
    zone,
)

CHAPTERS = (
    acquisition,
    aibots,
    appchats,
    intercepts,
    kf_accounts,
    kf_figures,
    kf_knowledge,
    menus,
    moments,
    products,
    strategies,
    uploads,
    webhooks,
    zone,
)
LISTENERS = (archive.keep_all, links.hear, words.check)
