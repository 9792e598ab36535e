"""A customer's consent to the chat archive, and who hears of it."""

from wecom.sandbox.world import World

from . import archive, events, welcome


def set_consent(world: World, external_userid: str, *, agreed: bool) -> None:
    """Agree or withdraw; agreeing is told once for each archived member who has the customer."""
    store = world.store
    before = store.value(
        "SELECT archive_agreed FROM customer WHERE external_userid = ?", external_userid
    )
    with store.writing():
        store.run(
            "UPDATE customer SET archive_agreed = ? WHERE external_userid = ?",
            agreed,
            external_userid,
        )
        store.put_setting(f"agreed_at_{external_userid}", world.clock.second())
        if agreed != bool(before):
            archive.tell_consent(world, external_userid, agreed=agreed)
        if agreed and not before:
            tell_agreement(world, external_userid)


def tell_agreement(world: World, external_userid: str) -> None:
    """msg_audit_approved, with a welcome code where nothing was said yet."""
    members = world.store.column(
        "SELECT userid FROM friendship JOIN member USING (userid)"
        " WHERE external_userid = ? AND friendship.status = 'friends' AND archived"
        " AND member.status != 5 ORDER BY userid",
        external_userid,
    )
    for userid in members:
        hearers = events.apps_that_hear(world, "contact", userid)
        welcome.close_slots(world, userid, external_userid)
        agents = [app["agent_id"] for app in hearers]
        codes = welcome.open_slot(world, userid, external_userid, agents)
        events.tell_contact_change(
            world, "msg_audit_approved", userid, external_userid, welcome_codes=codes
        )
