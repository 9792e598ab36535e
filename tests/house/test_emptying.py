"""What a committing test leaves is gone before the next, whoever may see it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from kit.actions import set_session_scope
from kit.actor import EVERYTHING, NOTHING
from stores.ledger.models import Touch
from tests.cast import make_cast
from tests.emptying import empty_tables

BY_MIGRATE = {"auth.Permission", "contenttypes.ContentType"}


def holding_rows() -> set[str]:
    set_session_scope(EVERYTHING)
    return {
        model._meta.label
        for model in apps.get_models()
        if model._meta.managed and model._base_manager.exists()
    }


@pytest.mark.django_db(transaction=True)
def test_every_row_goes_but_those_that_migrating_wrote() -> None:
    make_cast()
    Touch.objects.create(member_no=1, kind="scan", at=timezone.now())
    assert {"members.Member", "stores.Touch", "stores.Guide"} - holding_rows() == set()
    written = (Permission.objects.count(), ContentType.objects.count())

    set_session_scope(NOTHING)
    empty_tables()
    empty_tables()

    assert holding_rows() == BY_MIGRATE
    assert (Permission.objects.count(), ContentType.objects.count()) == written
    assert MigrationRecorder.Migration.objects.exists()
