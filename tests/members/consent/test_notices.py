"""Notices: versions, and no change once people have read them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from members.consent.errors import NoticePublished, NoticeUnfit
from members.consent.models import Notice
from members.consent.noticing import draft_notice, publish_notice
from members.consent.queries import current_notice
from tests.cast import Cast
from tests.members.builders import ITEMS, TESTER, a_notice


def test_versions_count_up_and_the_newest_published_is_shown(cast: Cast) -> None:
    first = a_notice(cast.entity)
    draft = draft_notice(
        cast.entity.pk, title="告知", summary="短", body="长", items=ITEMS, by=TESTER
    )
    assert (first.version, draft.version) == (1, 2)
    assert current_notice(cast.entity) == first
    assert current_notice(cast.franchise) is None
    published = publish_notice(draft.pk, by=TESTER)
    assert current_notice(cast.entity) == published
    assert len(published.sha256) == 64
    assert publish_notice(draft.pk, by=TESTER).published_at == published.published_at


def test_a_published_notice_is_never_changed(cast: Cast) -> None:
    notice = a_notice(cast.entity)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(body="别的")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        notice.delete()


def test_an_older_draft_cannot_overtake_what_is_shown(cast: Cast) -> None:
    draft = draft_notice(cast.entity.pk, title="告知", summary="短", body="长", items=[], by=TESTER)
    a_notice(cast.entity)
    with pytest.raises(NoticePublished):
        publish_notice(draft.pk, by=TESTER)


@pytest.mark.parametrize(
    "items",
    [
        [{"purpose": "membership", "title": "会员", "text": "捆绑"}],
        [{"purpose": "no_such", "title": "无", "text": "无"}],
        [{"purpose": "profiling", "title": "推荐"}],
        [ITEMS[0], ITEMS[0]],
    ],
)
def test_permissions_that_are_not_well_said_are_not_published(
    cast: Cast, items: list[dict[str, str]]
) -> None:
    with pytest.raises(NoticeUnfit):
        a_notice(cast.entity, items=items)
