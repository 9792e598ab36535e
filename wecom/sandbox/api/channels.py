"""The chapters beside customers and groups: moments, uploads, robots, internal groups."""

from . import aibots, appchats, menus, moments, uploads, webhooks

CHAPTERS = (aibots, appchats, menus, moments, uploads, webhooks)
