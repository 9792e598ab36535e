"""The admin screens of this floor, imported from its rooms for Django to find them."""

from groups.chats.admin import GroupAdmin, GroupMemberAdmin, GroupTransferAdmin
from groups.content.admin import MaterialAdmin
from groups.pushes.admin import DeliveryAdmin, PushAdmin, PushTaskAdmin, TrackedLinkAdmin

__all__ = [
    "DeliveryAdmin",
    "GroupAdmin",
    "GroupMemberAdmin",
    "GroupTransferAdmin",
    "MaterialAdmin",
    "PushAdmin",
    "PushTaskAdmin",
    "TrackedLinkAdmin",
]
