"""The base of HQ's screens under its name for the floors above; it stands in org, the lowest room,
so that every room of this floor can build on it.
"""

from stores.org.hq import (
    HouseAdmin,
    HouseInline,
    ReadOnlyAdmin,
    ReadOnlyInline,
    actor_behind,
    masked,
)

__all__ = [
    "HouseAdmin",
    "HouseInline",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "actor_behind",
    "masked",
]
