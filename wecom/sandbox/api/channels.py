"""The chapters beside customers and groups: moments, uploads, robots, internal groups."""

from . import menus, moments, uploads

CHAPTERS = (menus, moments, uploads)
