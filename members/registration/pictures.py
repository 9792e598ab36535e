"""Four digits in a picture, read by people who ask for many one-time codes. No script is needed.

The picture, its noise and its table are django-simple-captcha's; what is asked and how an answer
is taken is said here, so that one picture never answers for two requests.
"""

from __future__ import annotations

import secrets

from captcha.models import CaptchaStore
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor

# Without 0 and 1, 6 and 9: turned a little they are taken for one another.
_DIGITS = "234578"


def digits() -> tuple[str, str]:
    """What is drawn, and what answers it: the library's form of a challenge."""
    drawn = "".join(secrets.choice(_DIGITS) for _ in range(4))
    return drawn, drawn


@action
def draw_picture(*, by: Actor) -> str:
    """The key of a new picture; those that nobody answered in time go."""
    CaptchaStore.remove_expired()
    return str(CaptchaStore.generate_key())


@action
def read_picture(key: str, answer: str, *, by: Actor) -> bool:
    """Whether the answer is right. A picture is asked once: right or wrong, it is gone after."""
    found = CaptchaStore.objects.filter(hashkey=key, expiration__gt=timezone.now())
    right = found.values_list("response", flat=True).first()
    # Of two answers in the same moment one deletes the row, and only that one counts.
    is_mine = found.delete()[0] == 1
    return is_mine and right is not None and secrets.compare_digest(right, answer.strip()[:32])
