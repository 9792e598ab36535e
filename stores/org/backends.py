"""Two ways for a guide to prove who she is: employee number with PIN, or WeCom's word.

HQ signs in with Django's own password backend. All of them stand behind axes.
"""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from stores.org.models import Account, Guide


class _GuideBackend(BaseBackend):
    """Finds the account of a session again; grants no permissions of the admin."""

    def get_user(self, user_id: int) -> Account | None:
        return Account.objects.filter(pk=user_id, is_active=True).first()


class PinBackend(_GuideBackend):
    """Employee number and PIN. `username` is the number, so that axes counts tries per number."""

    # Django binds credentials by their names, so the signature says which login is this one's.
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, username: str, pin: str
    ) -> Account | None:
        guide = (
            Guide.objects.working()
            .select_related("account")
            .filter(employee_no__iexact=username.strip())
            .exclude(pin_hash="")
            .first()
        )
        if guide is None:
            # An unknown number takes as long as a wrong PIN.
            make_password(pin)
            return None
        return guide.account if check_password(pin, guide.pin_hash) else None


class WecomBackend(_GuideBackend):
    """A userid that WeCom itself has just vouched for, in exchange for a one-time code.

    Not among the ways that `authenticate` tries: there is nothing to guess, and a shop's shared
    address must not be locked out because somebody unknown came by.
    """

    def account_of(self, userid: str | None) -> Account | None:
        """The account of the working guide behind a userid."""
        if not userid:
            return None
        found = Guide.objects.working().select_related("account")
        guide = found.filter(wecom_userid=userid.lower()).first()
        return guide.account if guide else None
