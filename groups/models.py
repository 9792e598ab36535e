"""The tables of this floor, imported from its rooms for Django to find them."""

from groups.chats.models import Group, GroupMember, GroupTransfer
from groups.content.models import Material, Variant
from groups.pushes.models import Delivery, LinkClick, Push, PushTask, TrackedLink

__all__ = [
    "Delivery",
    "Group",
    "GroupMember",
    "GroupTransfer",
    "LinkClick",
    "Material",
    "Push",
    "PushTask",
    "TrackedLink",
    "Variant",
]
