"""The chapters beside customers and groups: moments, uploads, robots, internal groups."""

from . import moments, uploads

CHAPTERS = (moments, uploads)
