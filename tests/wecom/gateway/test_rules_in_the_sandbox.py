"""Acquisition links, products, watched words, rule groups: the gateway against the sandbox."""

from __future__ import annotations

import pytest

from tests.sandbox import WU, Sandbox
from tests.wecom.gateway.test_against_the_sandbox import PNG
from wecom.gateway import gateway_of
from wecom.gateway.errors import WecomError


def test_a_link_brings_a_customer(wecom: Sandbox) -> None:
    gateway = gateway_of()
    wecom.act("acquisition_balance", balance=100)
    made = gateway.create_acquisition_link("春季", ["linxiao"])
    assert gateway.acquisition_links() == [made.link_id]
    found = gateway.acquisition_link(made.link_id)
    assert (found.name, found.userids, found.url) == ("春季", ("linxiao",), made.url)
    wecom.act("scan_acquisition_link", customer=WU, url=f"{made.url}?customer_channel=spring")
    (came,) = gateway.acquisition_customers(made.link_id).rows
    assert (came.external_userid, came.userid, came.state) == (WU, "linxiao", "spring")
    assert gateway.acquisition_quota().balance <= 100
    gateway.update_acquisition_link(made.link_id, "夏季")
    assert gateway.acquisition_link(made.link_id).name == "夏季"
    gateway.delete_acquisition_link(made.link_id)
    assert gateway.acquisition_links() == []


def test_a_product_is_kept(wecom: Sandbox) -> None:
    gateway = gateway_of()
    picture = gateway.upload_attachment("image", "a.png", PNG, for_="product")
    made = gateway.create_product("羊绒围巾", 129900, [picture], "SCARF1")
    gateway.update_product(made, price_cents=99900)
    found = gateway.product(made)
    assert (found.description, found.price_cents, found.number) == ("羊绒围巾", 99900, "SCARF1")
    assert [one.product_id for one in gateway.products().rows] == [made]
    gateway.delete_product(made)
    with pytest.raises(WecomError):
        gateway.product(made)


def test_words_are_watched(wecom: Sandbox) -> None:
    gateway = gateway_of()
    made = gateway.create_watched_words("私单", ["转账"], semantics=["phone"], userids=["linxiao"])
    gateway.update_watched_words(made, "私单", ["转账", "红包"], semantics=["mail"], blocks=False)
    found = gateway.watched_words(made)
    assert (found.words, found.semantics, found.blocks) == (("转账", "红包"), ("mail",), False)
    assert gateway.watched_words_rules() == [made]
    gateway.delete_watched_words(made)
    assert gateway.watched_words_rules() == []


@pytest.mark.parametrize("of_moments", [False, True])
def test_rule_groups_are_read(wecom: Sandbox, of_moments: bool) -> None:
    gateway = gateway_of()
    kind = "moment" if of_moments else "customer"
    right = "send_moment" if of_moments else "share_customer"
    # The product only reads them: made as WeCom's own application would.
    made = gateway._contacts.write(
        f"externalcontact/{kind}_strategy/create",
        {
            "strategy_name": "门店",
            "admin_list": ["zhouning"],
            "privilege": {right: True},
            "range": [{"type": 1, "userid": "LinXiao"}, {"type": 2, "partyid": 2}],
        },
    )["strategy_id"]
    assert gateway.rule_group_ids(of_moments=of_moments) == [made]
    found = gateway.rule_group(made, of_moments=of_moments)
    assert (found.name, found.admin_userids, right in found.rights) == ("门店", ("zhouning",), True)
    whom = gateway.rule_group_range(made, of_moments=of_moments)
    assert (whom.userids, whom.department_ids) == (("linxiao",), (2,))
