from __future__ import annotations

from exporter.ops.stream.outbox import Offered, Outbox
from exporter.ops.stream.outgoing import Outgoing
from trading_bot.contract.stream import Message


def message(seq: int, key: str | None = None, whole: Outgoing | None = None) -> Outgoing:
    said = Message(
        channel="state" if key else "trades/live", type="x", data=seq, position=f"t/r/{seq}", ts=""
    )
    return Outgoing(said, seq, key, whole)


def all_of(outbox: Outbox) -> list[Outgoing]:
    return list(iter(outbox.take, None))


def test_of_a_conflatable_key_the_newest_waits_and_the_oldest_is_dropped() -> None:
    outbox = Outbox(most=10)
    first, second, other = message(1, "quote EUR"), message(2, "quote EUR"), message(3, "quote GBP")
    assert outbox.offer(first) is Offered.KEPT
    assert outbox.offer(second) is Offered.REPLACED
    assert outbox.offer(other) is Offered.KEPT
    assert all_of(outbox) == [second, other]


def test_of_what_must_arrive_nothing_is_dropped_until_it_is_full() -> None:
    outbox = Outbox(most=3)
    messages = [message(seq) for seq in range(1, 5)]
    assert [outbox.offer(one) for one in messages] == [Offered.KEPT] * 3 + [Offered.FULL]
    assert all_of(outbox) == messages[:3]


def test_conflatable_messages_take_no_room_from_the_others() -> None:
    outbox = Outbox(most=1)
    for seq in range(1, 100):
        outbox.offer(message(seq, "quote EUR"))
    assert outbox.offer(message(100)) is Offered.KEPT


def test_messages_leave_in_the_order_of_their_places() -> None:
    outbox = Outbox()
    for one in (message(1, "a"), message(2), message(3, "b"), message(3), message(4, "a"), message(5)):
        outbox.offer(one)
    assert [(one.seq, one.key) for one in all_of(outbox)] == [
        (2, None),
        (3, None),
        (3, "b"),
        (4, "a"),
        (5, None),
    ]


def test_who_missed_a_change_gets_the_whole_state_instead_of_the_next_change() -> None:
    outbox = Outbox()
    whole = message(2, "state")
    outbox.offer(message(1, "state"))
    outbox.offer(message(2, "state", whole))
    assert all_of(outbox) == [whole]


def test_who_missed_nothing_gets_the_change() -> None:
    outbox = Outbox()
    change = message(1, "state", message(1, "state"))
    outbox.offer(change)
    assert all_of(outbox) == [change]
