"""HQ builds a tag's rule with the builder of audiences: one widget, one live count."""

from __future__ import annotations

import json

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from members.consent.models import Purpose
from members.tags.models import Tag
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member
from tests.members.builders import grant
from tests.members.tags.builders import a_tag

BACKEND = "django.contrib.auth.backends.ModelBackend"
LIVE = reverse("admin:members_audience_live") + "?of=tag"


def test_a_tag_is_given_its_rule_by_the_builder(cast: Cast) -> None:
    hq = Client()
    hq.force_login(cast.hq, backend=BACKEND)
    tag = a_tag("国贸店的客人")
    page = reverse("admin:members_tag_change", args=[tag.pk])
    shown = hq.get(page).content.decode()
    assert "data-rule-tree" in shown
    assert "audience/builder.js" in shown
    assert '"name": "store"' in shown
    assert '"name": "tag"' not in shown
    said = {"name": tag.name, "group": tag.group_id, "reason": "挑新品", "position": 0,
            "is_offered": "on"}  # fmt: skip
    for text, kept in (('{"store": ["S001"]}', {"store": ["S001"]}), ("{}", None), ("", None)):
        assert hq.post(page, {**said, "rule": text}).status_code == 302, text
        assert Tag.objects.get(pk=tag.pk).rule == kept
    for text in ('{"tag": ["x"]}', '{"store": []}', "{"):
        assert hq.post(page, {**said, "rule": text}).status_code == 200, text
    assert Tag.objects.get(pk=tag.pk).rule is None


def test_the_live_count_of_a_tag_says_who_would_get_it(cast: Cast) -> None:
    a_member("王", owner=cast.zhou, store=cast.guomao)
    grant(cast.chen, Purpose.PROFILING)
    # Who may change tags counts with the builder; who may neither does not.
    keeper = Account.objects.create_user("tags", PASSWORD, name="标签管理", is_staff=True)
    client = Client()
    client.force_login(keeper, backend=BACKEND)
    rule = {"rule": json.dumps({"store": ["S001"]})}
    assert client.post(LIVE, rule).status_code == 403
    keeper.user_permissions.add(Permission.objects.get(codename="change_tag"))
    keeper.is_superuser = False
    keeper.regions.add(cast.east)
    keeper.save()
    shown = client.post(LIVE, rule).content.decode()
    assert "<b>2</b> 人符合" in shown
    assert "<b>1</b> 人会打上" in shown
    assert "不按规则打" in client.post(LIVE, {"rule": "{}"}).content.decode()
