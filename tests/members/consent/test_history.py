"""Any history of decisions: the projection is the fold of the log, `may` reads it as a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from members.consent.rules import Decided, Held, Standing, decision_for, fold, why_not

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
PURPOSES = ["direct_marketing", "profiling", "share_entity"]
CHANNELS = ["", "wecom", "sms"]

wishes = st.lists(
    st.tuples(st.sampled_from(PURPOSES), st.sampled_from(CHANNELS), st.booleans()), max_size=30
)


def told(wishes: list[tuple[str, str, bool]]) -> tuple[list[Decided], list[Held]]:
    """Write the log and the projection line by line, as the step does."""
    log: list[Decided] = []
    held: dict[tuple[str, str], Held] = {}
    for order, (purpose, channel, wanted) in enumerate(wishes, 1):
        state = held.get((purpose, channel))
        decision = decision_for(wanted=wanted, held=None if state is None else state.is_granted)
        if decision is None:
            continue
        log.append(Decided(purpose, channel, decision, order))
        held[purpose, channel] = Held(
            purpose,
            channel,
            decision == "grant",
            decision == "grant" or (state is not None and state.was_granted),
            NOW - timedelta(days=1),
            order,
        )
    return log, list(held.values())


@given(wishes)
def test_the_projection_is_the_fold_of_the_log(wishes: list[tuple[str, str, bool]]) -> None:
    log, held = told(wishes)
    assert fold(log) == {(h.purpose, h.channel): (h.is_granted, h.order) for h in held}


@given(wishes, st.sampled_from(PURPOSES), st.sampled_from(CHANNELS), st.sampled_from([1, 2]))
def test_permission_is_the_last_wish_that_covers_the_channel(
    wishes: list[tuple[str, str, bool]], purpose: str, channel: str, entity: int
) -> None:
    """The oracle forgets purposes and channels that do not matter and takes the last wish."""
    _, held = told(wishes)

    def last(wanted: str, over: str) -> bool:
        # Saying the same again is no new decision: only changes count.
        said: dict[str, bool] = {}
        newest = False
        for asked, way, answer in wishes:
            if asked == wanted and way in {"", over} and said.get(way) is not answer:
                said[way] = newest = answer
        return newest

    allowed = last(purpose, channel) and (entity == 1 or last("share_entity", ""))
    reason = why_not(
        Standing("active", 1), held, purpose=purpose, channel=channel, at=NOW, entity=entity
    )
    assert (reason == "") is allowed
