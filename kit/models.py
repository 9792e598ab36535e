"""The tables of the cellar, imported for Django to find them."""

from kit.events import DomainEvent, Handling
from kit.schedule import JobSlot, OnceKey

__all__ = ["DomainEvent", "Handling", "JobSlot", "OnceKey"]
