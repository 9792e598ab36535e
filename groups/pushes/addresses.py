"""Where links of pushes lead, and which hosts they may lead to."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from groups.content.models import Variant
from groups.content.rules import host_is_allowed
from groups.pushes.models import TrackedLink


def allowed_hosts() -> frozenset[str]:
    """Our own host, and those that the settings name."""
    return frozenset({urlsplit(settings.PUBLIC_URL).netloc, *settings.LINK_HOSTS})


def target_of(variant: Variant) -> str:
    """Where a variant's link leads: our page of its product, or its own address; empty for none."""
    if variant.product is not None:
        return settings.PUBLIC_URL + reverse("product-page", args=[variant.product.sku])
    return variant.link_url if host_is_allowed(variant.link_url, allowed_hosts()) else ""


def address_of(link: TrackedLink) -> str:
    """What stands in the text."""
    return settings.PUBLIC_URL + reverse("tracked-link", args=[link.code])
