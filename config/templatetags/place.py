"""Where a page of HQ stands: in the group of the side bar that leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import Model

register = template.Library()


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way; without a link it is only said."""

    title: str
    link: str = ""


@register.simple_tag(takes_context=True)
def place(context: Mapping[str, Any]) -> list[Crumb]:
    """Group, screen and page, as the side bar has them; nothing for a page that is not in it.

    Django's own way names the application in which a model stands, which nobody looks for.
    """
    address = context["request"].path
    for group in context.get("sidebar_navigation", ()):
        for screen in group["items"] if group.get("title") else ():
            if screen["active"]:
                way = [Crumb(group["title"]), Crumb(screen["title"], screen["link"])]
                return way if address == screen["link"] else [*way, Crumb(_title(context))]
    return []


def _title(context: Mapping[str, Any]) -> str:
    """A row by its name, any other page by its title."""
    row = context.get("original")
    return str(row if isinstance(row, Model) else context.get("title") or "")
