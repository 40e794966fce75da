"""The stream's protocol as `docs/stream.md` tells it, over real sockets and a real tape."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from functools import cache

import msgspec
import pytest
from jsonschema import Draft202012Validator
from support.command import PATIENCE, wait_until
from support.history import PAIR, TRACE, quote
from support.streams import KEY, Client, StreamRig, decoded, seq_of, wait_until_empty
from support.tapes import eventually, fact
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from exporter.ops.stream.limits import Limits
from exporter.ops.stream.schema import schema
from trading_bot.boot.home import Home
from trading_bot.contract.events.lifecycle import TapePruned
from trading_bot.contract.events.trading import LearnedBy, OrderAcknowledged
from trading_bot.contract.stream import CLOSINGS, CloseCode, Message
from trading_bot.domain.snapshots import snapshot
from trading_bot.journal import RetentionPolicy

QUICK = Limits(heartbeat_seconds=0.5, look_seconds=0.1)


@pytest.fixture
def rig(tmp_path) -> Iterator[StreamRig]:
    with StreamRig(Home(tmp_path / "home").create()) as rig:
        yield rig
        wait_until_empty(rig)
    assert rig.reported == []


@pytest.fixture
def quick(tmp_path) -> Iterator[StreamRig]:
    """With heartbeats and whole states twice a second."""
    with StreamRig(Home(tmp_path / "home").create(), QUICK) as rig:
        yield rig
        wait_until_empty(rig)
    assert rig.reported == []


def acknowledged(number: int) -> OrderAcknowledged:
    return OrderAcknowledged(
        client_order_id=f"X{number}",
        venue_order_id=f"V{number}",
        learned_by=LearnedBy.ANSWER,
        latency_ns=None,
    )


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def check(messages: list[Message]) -> None:
    """Hold messages to the published schema."""
    for message in messages:
        validator().validate(json.loads(msgspec.json.encode(message)))


class TestState:
    async def opened(self, rig: StreamRig, connection: ClientConnection) -> Client:
        client = Client(connection)
        first = [await client.next() for _ in range(3)]
        assert [message.type for message in first] == ["hello", "subscribed", "snapshot"]
        return client

    def test_it_begins_with_a_snapshot_at_once_then_sends_what_changes(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open("/api/v1/stream") as connection:
                client = await self.opened(rig, connection)
                snapshot = client.heard[-1]
                assert snapshot.data["account"]["currency"] == "USD"
                assert snapshot.data["positions"][0]["symbol"] == PAIR
                assert snapshot.data["recent_errors"][0]["error_code"] == "VENUE_001"
                assert snapshot.data["health"]["circuit_breaker_active"] is True
                rig.tick("1.25")
                change = await client.until(lambda m: m.type == "change" and "positions" in m.data)
                assert change.data["positions"][0]["current_price"] == "1.25"
                assert "mode" not in change.data
                assert seq_of(change) > seq_of(snapshot)
                check(client.heard)

        asyncio.run(told())

    def test_the_whole_state_comes_again_and_again(self, quick: StreamRig) -> None:
        async def told() -> None:
            async with quick.open("/api/v1/stream") as connection:
                client = await self.opened(quick, connection)
                again = [await client.of_type("snapshot") for _ in range(2)]
                assert all(message.data["account"]["currency"] == "USD" for message in again)

        asyncio.run(told())

    def test_a_bot_that_falls_silent_is_a_change_without_any_event(self, quick: StreamRig) -> None:
        async def told() -> Message:
            async with quick.open("/api/v1/stream") as connection:
                client = await self.opened(quick, connection)
                quick.bot.beacon.close()
                return await client.until(
                    lambda message: message.data.get("health", {}).get("status") == "offline"
                )

        assert asyncio.run(told()).type == "change"

    def test_changes_put_onto_the_snapshot_are_the_next_snapshot(self, quick: StreamRig) -> None:
        async def told() -> None:
            async with quick.open("/api/v1/stream") as connection:
                client = await self.opened(quick, connection)
                known = dict(client.heard[-1].data)
                for price in range(20):
                    quick.tick(f"1.1{price:02d}")
                while "1.119" not in json.dumps(known["positions"]):
                    message = await client.next()
                    if message.type == "snapshot":
                        known["positions"] = []  # taken apart below, only where changes have told all
                        known = dict(message.data)
                    else:
                        known |= message.data
                whole = await client.of_type("snapshot")
                for name in ("account", "positions", "performance", "mode"):
                    assert known[name] == whole.data[name]

        asyncio.run(told())


class TestChannels:
    @pytest.mark.parametrize(
        "channel",
        ["market/stream", "portfolio/updates", "trades/live", "system/events", "custom/order.acknowledged"],
    )
    def test_a_path_names_a_channel(self, rig: StreamRig, channel: str) -> None:
        async def told() -> None:
            async with rig.open(f"/ws/v1/{channel}") as connection:
                client = Client(connection)
                assert (await client.of_type("snapshot")).channel == channel
                rig.append(quote(PAIR, "1.5", "1.5", rig.clock.now_ns()), acknowledged(1), fact(1))
                message = await client.next()
                assert message.channel == channel
                assert message.ts.endswith("Z")
                check(client.heard)

        asyncio.run(told())

    def test_what_each_carries(self, rig: StreamRig) -> None:
        wanted = ["market/stream", "trades/live", "system/events", "custom/order"]

        async def told() -> None:
            async with rig.open() as connection:
                client = Client(connection)
                await client.say(action="subscribe", channels=wanted, id=7)
                assert (await client.of_type("subscribed")).id == 7
                begun = [await client.of_type("snapshot") for _ in wanted]
                assert [message.channel for message in begun] == wanted
                first = rig.append(quote(PAIR, "1.5", "1.5", rig.clock.now_ns()), acknowledged(1), fact(1))
                found = [await client.next() for _ in range(4)]
                assert [(message.channel, message.type) for message in found] == [
                    ("market/stream", "quote.conflated"),
                    ("trades/live", "order.acknowledged"),
                    ("custom/order", "order.acknowledged"),
                    ("system/events", "mode.changed"),
                ]
                assert [seq_of(message) for message in found] == [first - 2, first - 1, first - 1, first]
                assert found[1].data["client_order_id"] == "X1"
                check(client.heard)

        asyncio.run(told())

    def test_a_message_carries_the_trace_that_it_belongs_to(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open("/ws/v1/trades/live") as connection:
                client = Client(connection)
                await client.of_type("snapshot")
                rig.bot.tape.append(acknowledged(1), trace_id=TRACE)
                rig.bot.commit()
                assert (await client.next()).trace_id == TRACE

        asyncio.run(told())

    def test_who_unsubscribes_hears_no_more(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open("/ws/v1/trades/live") as connection:
                client = Client(connection)
                await client.of_type("snapshot")
                await client.say(action="subscribe", channels=["system/events"])
                await client.of_type("snapshot")
                await client.say(action="unsubscribe", channels=["trades/live", "portfolio/updates"])
                assert (await client.of_type("unsubscribed")).data == {"channels": ["trades/live"]}
                rig.append(acknowledged(1), fact(2))
                assert (await client.next()).type == "mode.changed"
                await client.say(action="unsubscribe")
                assert (await client.of_type("unsubscribed")).data == {"channels": ["system/events"]}
                assert rig.server.subscriptions() == {}

        asyncio.run(told())

    def test_msgpack_says_the_same_as_json(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with (
                rig.open("/ws/v1/trades/live") as one,
                rig.open("/ws/v1/trades/live?format=msgpack") as other,
                rig.open() as third,
            ):
                await third.send(
                    msgspec.msgpack.encode(
                        {"action": "subscribe", "channels": ["trades/live"], "format": "msgpack"}
                    )
                )
                clients = [Client(one), Client(other), Client(third)]
                for client in clients:
                    await client.of_type("snapshot")
                rig.append(acknowledged(1))
                async with asyncio.timeout(PATIENCE):
                    raw = [await client.connection.recv() for client in clients]
                assert [type(data) for data in raw] == [str, bytes, bytes]
                assert decoded(raw[0]) == decoded(raw[1]) == decoded(raw[2])

        asyncio.run(told())

    @pytest.mark.parametrize("compression", [None, "deflate"])
    def test_compressed_or_not_it_says_the_same(self, rig: StreamRig, compression: str | None) -> None:
        async def told() -> None:
            async with rig.open("/ws/v1/trades/live", compression=compression) as connection:
                assert bool(connection.protocol.extensions) is (compression is not None)
                client = Client(connection)
                await client.of_type("snapshot")
                rig.append(*(acknowledged(number) for number in range(30)))
                found = [await client.next() for _ in range(30)]
                assert [message.data["client_order_id"] for message in found] == [f"X{n}" for n in range(30)]

        asyncio.run(told())

    def test_heartbeats_tell_the_position(self, quick: StreamRig) -> None:
        async def told() -> None:
            async with quick.open("/ws/v1/custom/breaker") as connection:
                last = quick.append(fact(1))
                async with asyncio.timeout(PATIENCE):
                    while True:
                        message = decoded(await connection.recv())
                        if message.type == "heartbeat" and seq_of(message) == last:
                            return

        asyncio.run(told())

    def test_a_ping_is_answered_with_its_id(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open() as connection:
                client = Client(connection)
                await client.say(action="ping", id="a")
                assert (await client.of_type("pong")).id == "a"
                check(client.heard)

        asyncio.run(told())

    def test_a_fault_in_a_message_is_named_and_the_connection_goes_on(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open() as connection:
                client = Client(connection)
                await client.say(action="subscribe", channels=["trades/liv"], id=3)
                error = await client.of_type("error")
                assert (error.id, error.data["error_code"]) == (3, "API_022")
                assert "trades/live" in error.data["message"]
                await connection.send("{")
                assert (await client.of_type("error")).data["error_code"] == "API_021"
                await client.say(action="subscribe")
                assert (await client.of_type("error")).data["error_code"] == "API_021"
                await client.say(action="ping")
                await client.of_type("pong")
                check(client.heard)

        asyncio.run(told())


class TestAccess:
    @pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
    def test_a_header_authenticates(self, rig: StreamRig, header: str) -> None:
        value = KEY if header == "X-API-Key" else f"Bearer {KEY}"

        async def told() -> None:
            async with rig.open(key=None, headers={header: value}) as connection:
                assert (await Client(connection).next()).data["authenticated"] is True

        asyncio.run(told())

    def test_the_first_message_authenticates(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open("/ws/v1/trades/live", key=None) as connection:
                client = Client(connection)
                assert (await client.next()).data["authenticated"] is False
                await client.say(action="subscribe", auth=KEY)
                assert (await client.of_type("snapshot")).channel == "trades/live"
            async with rig.open("/ws/v1/trades/live", key=None) as connection:
                client = Client(connection)
                await client.say(action="auth", auth=KEY, id=1)
                assert (await client.of_type("authenticated")).id == 1
                assert (await client.of_type("snapshot")).channel == "trades/live"

        asyncio.run(told())

    @pytest.mark.parametrize("auth", ["wrong", None])
    def test_without_a_valid_key_nothing_is_told(self, rig: StreamRig, auth: str | None) -> None:
        async def told() -> None:
            async with rig.open("/ws/v1/trades/live", key=None) as connection:
                client = Client(connection)
                await client.next()
                await client.say(action="subscribe", **({} if auth is None else {"auth": auth}))
                assert (await client.next()).data["error_code"] == "AUTH_001"
                with pytest.raises(ConnectionClosed) as closed:
                    await client.next()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == CloseCode.UNAUTHENTICATED
                assert closed.value.rcvd.reason == CLOSINGS[CloseCode.UNAUTHENTICATED]

        asyncio.run(told())
        eventually(lambda: [error.code for error in rig.refused] == ["AUTH_001"])

    def test_a_wrong_key_in_a_header_is_refused_over_http(self, rig: StreamRig) -> None:
        problem = refused(rig, "/ws/v1/trades/live", 401, key="wrong")
        assert problem["error_code"] == "AUTH_001"
        assert problem["next"]
        assert [error.code for error in rig.refused] == ["AUTH_001"]

    @pytest.mark.parametrize(
        ("path", "status", "code"),
        [
            ("/", 404, "API_002"),
            ("/api/v1/state", 404, "API_002"),
            ("/ws/v1/custom/nothing", 404, "API_022"),
            ("/ws/v1/trades/live?after=yesterday", 400, "API_001"),
            ("/ws/v1/trades/live?format=xml", 400, "API_001"),
            ("/ws/v1/trades/live?colour=red", 400, "API_001"),
        ],
    )
    def test_what_is_not_there_is_refused_over_http(
        self, rig: StreamRig, path: str, status: int, code: str
    ) -> None:
        assert refused(rig, path, status)["error_code"] == code

    def test_who_never_sends_a_key_is_closed(self, tmp_path) -> None:
        limits = Limits(authentication_seconds=0.2)

        async def told(rig: StreamRig) -> None:
            async with rig.open(key=None) as connection:
                client = Client(connection)
                with pytest.raises(ConnectionClosed) as closed:
                    await client.until(never)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == CloseCode.AUTHENTICATION_TIMEOUT

        with StreamRig(Home(tmp_path / "home").create(), limits) as rig:
            asyncio.run(told(rig))
            wait_until_empty(rig)

    def test_a_key_that_was_revoked_closes_its_connections(self, quick: StreamRig) -> None:
        async def told() -> None:
            async with quick.open() as connection:
                client = Client(connection)
                await client.next()
                quick.keys.clear()
                with pytest.raises(ConnectionClosed) as closed:
                    await client.next()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == CloseCode.UNAUTHENTICATED

        asyncio.run(told())

    def test_a_browser_may_come_from_the_origins_of_the_settings_only(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            async with rig.open(origin="https://boards.example") as connection:
                await Client(connection).next()
            with pytest.raises(InvalidStatus) as refusal:
                async with rig.open(origin="https://elsewhere.example"):
                    pass
            assert refusal.value.response.status_code == 403

        origins = ("https://boards.example",)
        with StreamRig(Home(tmp_path / "home").create(), api_cors_origins=origins) as rig:
            asyncio.run(told(rig))
            wait_until_empty(rig)


class TestLimits:
    def test_no_more_connections_than_the_limit(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            async with rig.open() as one, rig.open() as other:
                await asyncio.gather(Client(one).next(), Client(other).next())
                response = await refusal_of(rig, "/ws/v1")
                assert response.status_code == 503
                assert response.headers["Retry-After"] == "5"
            await asyncio.to_thread(wait_until_empty, rig)
            async with rig.open() as again:
                await Client(again).next()

        with StreamRig(Home(tmp_path / "home").create(), Limits(connections=2)) as rig:
            asyncio.run(told(rig))
            wait_until_empty(rig)

    def test_connections_without_a_key_cannot_keep_the_others_out(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            async with rig.open(key=None) as one:
                await Client(one).next()
                assert (await refusal_of(rig, "/ws/v1", key=None)).status_code == 503
                async with rig.open() as known:
                    await Client(known).next()

        with StreamRig(Home(tmp_path / "home").create(), Limits(unauthenticated=1)) as rig:
            asyncio.run(told(rig))
            wait_until_empty(rig)

    def test_too_many_messages_are_refused_and_then_the_connection_is_closed(self, tmp_path) -> None:
        limits = Limits(messages_per_second=0.001, message_burst=2, refusals=3)

        async def told(rig: StreamRig) -> None:
            async with rig.open() as connection:
                client = Client(connection)
                for number in range(6):
                    await client.say(action="ping", id=number)
                assert (await client.of_type("pong")).id == 0
                assert (await client.of_type("pong")).id == 1
                error = await client.of_type("error")
                assert error.data["error_code"] == "API_025"
                assert error.data["context"]["retry_after_seconds"] > 0
                with pytest.raises(ConnectionClosed) as closed:
                    await client.next()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == CloseCode.TOO_MANY_MESSAGES

        with StreamRig(Home(tmp_path / "home").create(), limits) as rig:
            asyncio.run(told(rig))
            wait_until_empty(rig)
            assert rig.server.counts.closed["too_many_messages"] == 1

    def test_a_message_that_is_too_large_closes_its_connection_only(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open() as one, rig.open() as other:
                await one.send("x" * (rig.limits.message_bytes + 1))
                with pytest.raises(ConnectionClosed) as closed:
                    await Client(one).until(never)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1009
                await Client(other).say(action="ping")
                await Client(other).of_type("pong")

        asyncio.run(told())

    def test_the_server_says_when_it_goes_away(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            async with rig.open("/api/v1/stream") as connection:
                client = Client(connection)
                await client.of_type("snapshot")
                stopping = asyncio.create_task(asyncio.to_thread(rig.server.stop))
                with pytest.raises(ConnectionClosed) as closed:
                    await client.until(never)
                await stopping
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == CloseCode.GOING_AWAY

        with StreamRig(Home(tmp_path / "home").create()) as rig:
            asyncio.run(told(rig))
            assert rig.is_empty()


class TestSlowReaders:
    """One reads nothing; whatever is done to it, another one hears everything at once."""

    LIMITS = Limits(
        waiting=40, send_buffer_bytes=16 * 1024, close_seconds=0.5, stalled_seconds=300, ping_seconds=300
    )
    LARGE = 20_000

    def deaf(self, rig: StreamRig, path: str) -> socket.socket:
        """Return a connection that subscribes and never reads."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024)
        connection.connect(("127.0.0.1", rig.server.port))
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"X-API-Key: {KEY}\r\n\r\n".encode()
        )
        return connection

    def test_of_facts_nothing_is_dropped_so_the_connection_is_closed(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            async with rig.open("/ws/v1/system/events") as connection:
                client = Client(connection)
                await client.of_type("snapshot")
                eventually(lambda: rig.server.subscriptions() == {"system/events": 2})
                numbers = range(200)
                for number in numbers:
                    rig.append(fact(number, self.LARGE))
                    message = await client.next()
                    assert message.data["message"].startswith(f"{number}:")
                eventually(lambda: rig.server.counts.closed["slow"] == 1)
                assert rig.server.subscriptions() == {"system/events": 1}

        with (
            StreamRig(Home(tmp_path / "home").create(), self.LIMITS) as rig,
            self.deaf(rig, "/ws/v1/system/events"),
        ):
            asyncio.run(told(rig))
            wait_until_empty(rig)

    def test_who_reads_again_is_told_why_it_was_closed(self, tmp_path) -> None:
        # so long it may take to read again
        limits = msgspec.structs.replace(self.LIMITS, close_seconds=PATIENCE)
        with StreamRig(Home(tmp_path / "home").create(), limits) as rig:
            with self.deaf(rig, "/ws/v1/system/events") as connection:
                eventually(lambda: rig.server.subscriptions() == {"system/events": 1})
                for number in range(200):
                    rig.append(fact(number, self.LARGE))
                eventually(lambda: rig.server.counts.dropped["system/events"] > 0)
                connection.settimeout(PATIENCE)
                reason = CLOSINGS[CloseCode.TOO_SLOW].encode()
                read_until(connection, int(CloseCode.TOO_SLOW).to_bytes(2, "big") + reason)
            wait_until_empty(rig)

    def test_of_the_state_the_latest_is_kept_and_the_connection_stays(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            async with rig.open("/ws/v1/portfolio/updates") as connection:
                client = Client(connection)
                await client.of_type("snapshot")
                eventually(lambda: rig.server.subscriptions() == {"portfolio/updates": 2})
                for number in range(300):
                    price = f"1.1{number:03d}"
                    rig.tick(price)
                    await client.until(lambda message, price=price: price.rstrip("0") in str(message.data))
                eventually(lambda: rig.server.counts.dropped["portfolio/updates"] > 0)
                assert rig.server.counts.closed["slow"] == 0

        with (
            StreamRig(Home(tmp_path / "home").create(), self.LIMITS) as rig,
            self.deaf(rig, "/ws/v1/portfolio/updates") as connection,
        ):
            asyncio.run(told(rig))
            # Who begins to read again gets what was under way, and then the latest.
            connection.settimeout(PATIENCE)
            read_until(connection, b'"current_price":"1.1299"')

    def test_who_takes_nothing_for_long_is_closed_at_last(self, tmp_path) -> None:
        limits = msgspec.structs.replace(
            self.LIMITS, stalled_seconds=0.3, heartbeat_seconds=0.2, look_seconds=0.1
        )
        with (
            StreamRig(Home(tmp_path / "home").create(), limits) as rig,
            self.deaf(rig, "/api/v1/stream"),
        ):
            assert wait_until(lambda: rig.server.counts.closed["slow"] == 1)
            wait_until_empty(rig)


class TestResuming:
    def test_it_gives_exactly_what_was_missed(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open("/ws/v1/trades/live") as connection:
                client = Client(connection)
                await client.of_type("snapshot")
                rig.append(acknowledged(1))
                seen = (await client.next()).position
            rig.append(*(acknowledged(number) for number in range(2, 1_000)))
            rig.tick()
            async with rig.open(f"/ws/v1/trades/live?after={seen}") as connection:
                client = Client(connection)
                answer = (await client.of_type("subscribed")).data["channels"][0]
                assert (answer["resumed"], answer["rewound"]) == (True, None)
                rig.append(acknowledged(1_000))
                found = [await client.next() for _ in range(999)]
                assert [m.data["client_order_id"] for m in found] == [f"X{n}" for n in range(2, 1_001)]
                assert await client.quiet() == []

        asyncio.run(told())

    def test_it_misses_and_repeats_nothing_while_more_is_written(self, rig: StreamRig) -> None:
        total, here = 3_000, rig.bot.tape.position

        async def part(seen: str, most: int) -> list[Message]:
            path = f"/ws/v1/trades/live?after={seen}"
            async with rig.open(path) as connection:
                client = Client(connection)
                assert (await client.of_type("subscribed")).data["channels"][0]["resumed"]
                return [await client.next() for _ in range(most)]

        async def told() -> None:
            writing = asyncio.create_task(asyncio.to_thread(write))
            seen, found = f"{here.tape_id}/{here.run_id}/{here.seq}", []
            while len(found) < total:
                heard = await part(seen, min(700, total - len(found)))
                seen = heard[-1].position or ""
                found += [message.data["client_order_id"] for message in heard]
            await writing
            assert found == [f"X{number}" for number in range(total)]

        def write() -> None:
            for start in range(0, total, 10):
                rig.append(*(acknowledged(number) for number in range(start, start + 10)))

        asyncio.run(told())

    @pytest.mark.parametrize(
        ("after", "reason"),
        [
            ("other/20231114T221320-aaaaaa/3", "OtherTape"),
            ("{tape}/20200101T000000-bbbbbb/3", "OtherRun"),
            ("{tape}/{run}/999999", "PastTheEnd"),
        ],
    )
    def test_a_position_that_is_not_on_the_tape_begins_anew_and_says_so(
        self, rig: StreamRig, after: str, reason: str
    ) -> None:
        here = rig.bot.tape.position
        after = after.format(tape=here.tape_id, run=here.run_id)

        async def told() -> None:
            async with rig.open() as connection:
                client = Client(connection)
                channels = ["trades/live", "portfolio/updates"]
                await client.say(action="subscribe", channels=channels, after=after)
                answer = (await client.of_type("subscribed")).data["channels"]
                assert [(one["resumed"], one["rewound"]) for one in answer] == [
                    (False, reason),
                    (False, None),
                ]
                assert [(await client.of_type("snapshot")).channel for _ in channels] == channels
                rig.append(acknowledged(1))
                assert (await client.until(lambda m: m.channel == "trades/live")).data[
                    "client_order_id"
                ] == "X1"
                check(client.heard)

        asyncio.run(told())

    def test_measurements_that_were_pruned_begin_anew_and_facts_do_not(self, rig: StreamRig) -> None:
        here = rig.bot.tape.position
        for number in range(5):
            rig.tick(f"1.2{number}")
        rig.append(rig.view.journal.read(lambda state, _: snapshot(state)))
        pruned = rig.bot.tape.prune(
            RetentionPolicy(measurement_ns=0, span_ns=0, span_bytes=0), rig.clock.now_ns() + 10**9
        ).result(PATIENCE)
        assert pruned.measurements
        rig.append(TapePruned(before=pruned.before, measurements=pruned.measurements, spans=pruned.spans))
        after = f"{here.tape_id}/{here.run_id}/{here.seq}"

        async def told() -> None:
            async with rig.open() as connection:
                client = Client(connection)
                await client.say(action="subscribe", channels=["custom/quote"], after=after)
                assert (await client.of_type("subscribed")).data["channels"][0]["rewound"] == "Pruned"
                await client.of_type("snapshot")
                await client.say(action="subscribe", channels=["system/events"], after=after)
                assert (await client.of_type("subscribed")).data["channels"][0]["resumed"] is True
                assert (await client.next()).type == "tape.pruned"

        asyncio.run(told())

    def test_too_much_to_give_begins_anew(self, tmp_path) -> None:
        async def told(rig: StreamRig) -> None:
            here = rig.bot.tape.position
            rig.append(*(acknowledged(number) for number in range(20)))
            async with rig.open(f"/ws/v1/trades/live?after={here.tape_id}/{here.run_id}/{here.seq}") as one:
                answer = (await Client(one).of_type("subscribed")).data["channels"][0]
                assert answer["rewound"] == "TooFarBehind"

        with StreamRig(Home(tmp_path / "home").create(), Limits(resumable=10)) as rig:
            asyncio.run(told(rig))
            wait_until_empty(rig)

    def test_a_tape_that_was_replaced_voids_what_was_sent(self, rig: StreamRig) -> None:
        async def told() -> None:
            async with rig.open() as connection:
                client = Client(connection)
                channels = ["trades/live", "portfolio/updates"]
                await client.say(action="subscribe", channels=channels)
                for _ in channels:
                    await client.of_type("snapshot")
                rig.bot.die()
                for path in rig.home.path.glob("journal.db*"):
                    path.unlink()
                rig.bot = type(rig.bot)(rig.home, rig.clock)
                rig.bot.live()
                for name in channels:
                    told = await client.until(lambda m, name=name: m.channel == name and m.type == "rewound")
                    assert told.data == {"reason": "TapeReplaced"}
                    await client.until(lambda m, name=name: m.channel == name and m.type == "snapshot")
                rig.append(acknowledged(5))
                await client.until(lambda m: m.type == "order.acknowledged")
                check(client.heard)

        asyncio.run(told())


def test_a_hundred_clients_hear_the_same(rig: StreamRig) -> None:
    async def one(barrier: asyncio.Barrier) -> list[str]:
        async with rig.open("/ws/v1/trades/live", open_timeout=PATIENCE) as connection:
            client = Client(connection)
            await client.of_type("snapshot")
            await barrier.wait()
            return [(await client.next()).data["client_order_id"] for _ in range(50)]

    async def told() -> None:
        barrier = asyncio.Barrier(101)
        clients = [asyncio.create_task(one(barrier)) for _ in range(100)]
        await barrier.wait()
        for number in range(50):
            rig.append(acknowledged(number))
        heard = await asyncio.gather(*clients)
        assert heard == [[f"X{number}" for number in range(50)]] * 100

    asyncio.run(told())


def test_before_the_tape_has_been_read_nobody_is_let_in(tmp_path) -> None:
    rig = StreamRig(Home(tmp_path / "home").create())
    rig.server.start()
    try:
        assert refused(rig, "/ws/v1", 503)["error_code"] == "API_004"
    finally:
        rig.server.stop()
        rig.bot.die()


def never(_message: Message) -> bool:
    return False


def read_until(connection: socket.socket, expected: bytes) -> None:
    received = b""
    while expected not in received:
        data = connection.recv(65536)
        assert data, f"the server ended the connection before {expected!r}"
        received += data


async def refusal_of(rig: StreamRig, path: str, key: str | None = KEY):
    with pytest.raises(InvalidStatus) as refusal:
        async with rig.open(path, key):
            pass
    return refusal.value.response


def refused(rig: StreamRig, path: str, status: int, key: str | None = KEY) -> dict:
    response = asyncio.run(refusal_of(rig, path, key))
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(response.body)
    assert problem["status"] == status
    return problem
