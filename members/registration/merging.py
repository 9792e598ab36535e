"""What this room moves when two members are one: visits, changes of phone, invitations."""

from __future__ import annotations

from members.identity.merging import moving_rows
from members.registration.models import OneTimeCode, Registration
from members.registration.models_of_phones import PhoneChange
from members.registration.models_of_tablet import Invitation
from members.registration.models_of_tills import CardCode

# Codes live for minutes; a card's code shows whose it was, and the number leads on from there.
MOVER = moving_rows(
    (Registration, "member"),
    (PhoneChange, "member"),
    (Invitation, "member"),
    staying=(OneTimeCode, CardCode),
)
