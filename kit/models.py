"""The tables of the cellar, imported for Django to find them."""

from kit.events import DomainEvent, Handling
from kit.once import OnceKey
from kit.schedule import JobSlot

__all__ = ["DomainEvent", "Handling", "JobSlot", "OnceKey"]
