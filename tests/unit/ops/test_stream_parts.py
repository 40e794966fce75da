from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame
from websockets.streams import StreamReader

from exporter.ops.stream.limits import Limits, TokenBucket, affordable
from exporter.ops.stream.outgoing import Outgoing, Variant
from exporter.ops.stream.requests import channels_named, read_request
from trading_bot.contract.errors import ERRORS, TickertapeError
from trading_bot.contract.events import EVENTS, Retention
from trading_bot.contract.stream import (
    CHANNELS,
    CLOSED_BY,
    CLOSINGS,
    HIDDEN,
    CloseCode,
    Format,
    Message,
    channel_named,
    label_of,
)


def outgoing(size: int) -> Outgoing:
    text = "".join(chr(97 + index % 23) for index in range(size))
    return Outgoing(Message(channel="state", type="change", data=text, position=None, ts=""), 1)


def read_frame(data: bytes, extensions: list[PerMessageDeflate]) -> Frame:
    """Read a frame as a client does, with the library's own parser."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing: Iterator[None] = Frame.parse(reader.read_exact, mask=False, extensions=extensions)
    with pytest.raises(StopIteration) as end:
        next(parsing)
    frame = end.value.value
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize("size", [10, 50, 100, 126, 300, 65_000, 66_000, 200_000])
@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("window_bits", [0, 9, 12, 15])
def test_a_frame_made_once_is_read_by_any_client(size: int, format_: Format, window_bits: int) -> None:
    sent = outgoing(size)
    extensions = [PerMessageDeflate(True, True, window_bits, 15)] if window_bits else []
    frame = read_frame(sent.frame(Variant(format_, window_bits)), extensions)
    decode = msgspec.json.decode if format_ is Format.JSON else msgspec.msgpack.decode
    assert decode(bytes(frame.data), type=Message) == sent.message


def test_a_frame_is_made_once_for_all_who_want_it_so() -> None:
    sent = outgoing(500)
    assert sent.frame(Variant(Format.JSON, 12)) is sent.frame(Variant(Format.JSON, 12))
    assert len(sent.frame(Variant(Format.JSON, 12))) < len(sent.frame(Variant()))


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=10, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(0.0) == pytest.approx(0.1)
    assert bucket.take(0.1) == 0
    assert bucket.take(0.1) > 0
    assert [bucket.take(100.0) for _ in range(4)][:3] == [0, 0, 0]


def test_there_are_no_more_connections_than_descriptors_for_them() -> None:
    assert affordable(Limits(connections=10**9)).connections < 10**9
    assert affordable(Limits(connections=1)).connections == 1


def test_every_kind_is_in_exactly_one_named_channel_or_is_no_fact() -> None:
    for kind, event in EVENTS.items():
        carrying = [channel.name for channel in CHANNELS.values() if kind in channel.kinds]
        assert len(carrying) <= 1, kind
        assert carrying or event.RETENTION is not Retention.FACT, kind


def test_a_custom_channel_is_a_kind_or_the_beginning_of_several() -> None:
    one, several = channel_named("custom/order.filled"), channel_named("custom/order")
    assert one is not None
    assert one.kinds == {"order.filled"}
    assert several is not None
    assert "order.filled" in several.kinds
    assert "order.denied" in several.kinds
    assert label_of("custom/order") == "custom"


NO_CHANNELS = ["custom/", "custom/ord", "custom/order.", "trades", "", *(f"custom/{kind}" for kind in HIDDEN)]


@pytest.mark.parametrize("name", NO_CHANNELS)
def test_what_no_kind_begins_with_is_no_channel(name: str) -> None:
    with pytest.raises(TickertapeError) as refused:
        channels_named((name,))
    assert refused.value.code == "API_022"


def test_an_unknown_channel_is_refused_with_those_that_are_close() -> None:
    with pytest.raises(TickertapeError, match=r"custom/order\.filled"):
        channels_named(("custom/order.filed",))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "null",
        '{"action": "dance"}',
        '{"action": "ping", "unknown": 1}',
        '{"action": "subscribe", "channels": "trades/live"}',
        '{"action": "subscribe", "after": "nowhere"}',
        "[" * 50_000,
        '{"id": ' * 10_000,
        b"\xff\xff",
        b"",
        b"\x81\xa6action\xa4none",
    ],
)
def test_what_is_no_request_is_refused_by_name(data: str | bytes) -> None:
    with pytest.raises(TickertapeError) as refused:
        read_request(data)
    assert refused.value.code == "API_021"


def test_every_close_code_has_a_reason_that_fits_in_a_frame_and_names_a_code_of_the_catalogue() -> None:
    for code in CloseCode:
        assert len(CLOSINGS[code].encode()) <= 123
        assert code in CLOSED_BY
        if code >= 4000:
            assert CLOSINGS[code].partition(":")[0] in ERRORS
