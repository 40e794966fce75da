"""Whatever clients send, in whatever order: the stream goes on for the others and keeps nothing of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.command import PATIENCE
from support.streams import KEY, Client, StreamRig, decoded
from support.tapes import eventually, fact
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.protocol import State

from exporter.ops.stream.limits import Limits
from trading_bot.boot.home import Home
from trading_bot.contract.stream import CHANNELS

LIMITS = Limits(
    connections=6,
    message_bytes=4_096,
    message_burst=15,
    refusals=5,
    authentication_seconds=0.3,
    waiting=20,
    heartbeat_seconds=0.3,
    look_seconds=0.1,
    close_seconds=0.3,
)

names = st.sampled_from([*CHANNELS, "custom/order", "custom/quote.conflated", "custom/none", "control", ""])
words = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20))
members: dict[str, st.SearchStrategy[Any]] = {
    "action": st.sampled_from(["subscribe", "unsubscribe", "ping", "auth", "dance", 5]),
    "channels": st.one_of(st.lists(names, max_size=4), words),
    "auth": st.sampled_from([KEY, "wrong", None, 7]),
    "format": st.sampled_from(["json", "msgpack", "xml", None]),
    "after": st.sampled_from(["HERE", "a/b/3", "HERE0", "//", None]),
    "id": st.one_of(st.integers(0, 9), st.text(max_size=5)),
}
requests = st.fixed_dictionaries({}, optional=members)
valid = st.fixed_dictionaries(
    {"action": st.just("subscribe"), "channels": st.lists(st.sampled_from(sorted(CHANNELS)), min_size=1)},
    optional={"after": st.just("HERE"), "format": st.sampled_from(["json", "msgpack"])},
)
numbers = st.integers(0, 2)
steps = st.one_of(
    st.tuples(st.just("open"), numbers, st.sampled_from(["/ws/v1", "/api/v1/stream", "/ws/v1/trades/live"])),
    st.tuples(st.just("open_unknown"), numbers, st.just("/ws/v1/market/stream")),
    st.tuples(st.just("say"), numbers, st.one_of(valid, requests)),
    st.tuples(st.just("say_packed"), numbers, requests),
    st.tuples(st.just("text"), numbers, st.text(max_size=40)),
    st.tuples(st.just("binary"), numbers, st.binary(max_size=40)),
    st.tuples(st.just("fragments"), numbers, st.lists(st.text(max_size=10), min_size=1, max_size=4)),
    st.tuples(st.just("flood"), numbers, st.integers(10, 40)),
    st.tuples(st.just("oversized"), numbers, st.integers(4_097, 20_000)),
    st.tuples(st.just("raw"), numbers, st.binary(min_size=1, max_size=20)),
    st.tuples(st.just("ping"), numbers, st.none()),
    st.tuples(st.just("close"), numbers, st.sampled_from([1000, 1001, 4000])),
    st.tuples(st.just("abort"), numbers, st.none()),
    st.tuples(st.just("commit"), numbers, st.integers(1, 60)),
)
Step = tuple[str, int, Any]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamRig]:
    with StreamRig(Home(tmp_path_factory.mktemp("stream") / "home").create(), LIMITS) as rig:
        asyncio.run(resume(rig))  # the first who resumes opens the tape for all
        yield rig


class Crowd:
    """A few connections, each of which may do anything at any time."""

    def __init__(self, rig: StreamRig) -> None:
        self.rig = rig
        self.open: dict[int, ClientConnection] = {}

    async def do(self, step: Step) -> None:
        name, number, argument = step
        if name.startswith("open"):
            await self._open(number, argument, KEY if name == "open" else None)
        elif name == "commit":
            self.rig.append(*(fact(index, 300) for index in range(argument)))
        elif number in self.open:
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await DOING[name](self, self.open[number], argument)

    async def end(self) -> None:
        for connection in self.open.values():
            connection.transport.abort()
            await connection.wait_closed()

    async def _open(self, number: int, path: str, key: str | None) -> None:
        before = self.open.pop(number, None)
        if before is not None:
            before.transport.abort()
        with contextlib.suppress(InvalidHandshake):  # as many as there may be are there
            self.open[number] = await self.rig.open(path, key, open_timeout=PATIENCE)

    async def say(self, connection: ClientConnection, request: dict[str, Any]) -> None:
        await connection.send(json.dumps(self._placed(request)))

    async def say_packed(self, connection: ClientConnection, request: dict[str, Any]) -> None:
        await connection.send(msgspec.msgpack.encode(self._placed(request)))

    async def send(self, connection: ClientConnection, data: Any) -> None:
        await connection.send(data)

    async def flood(self, connection: ClientConnection, times: int) -> None:
        for _ in range(times):
            await connection.send('{"action": "ping"}')

    async def oversized(self, connection: ClientConnection, size: int) -> None:
        await connection.send("x" * size)

    async def raw(self, connection: ClientConnection, data: bytes) -> None:
        if connection.state is State.OPEN:
            connection.transport.write(data)

    async def ping(self, connection: ClientConnection, _: None) -> None:
        await connection.ping()

    async def close(self, connection: ClientConnection, code: int) -> None:
        await connection.close(code)

    async def abort(self, connection: ClientConnection, _: None) -> None:
        connection.transport.abort()

    def _placed(self, request: dict[str, Any]) -> dict[str, Any]:
        here = self.rig.bot.tape.position
        places = {"HERE": here.seq, "HERE0": here.seq + 1_000_000}
        after = request.get("after")
        if after in places:
            return {**request, "after": f"{here.tape_id}/{here.run_id}/{max(0, places[after] - 5)}"}
        return request


DOING: dict[str, Callable[[Crowd, ClientConnection, Any], Awaitable[None]]] = {
    "say": Crowd.say,
    "say_packed": Crowd.say_packed,
    "text": Crowd.send,
    "binary": Crowd.send,
    "fragments": Crowd.send,
    "flood": Crowd.flood,
    "oversized": Crowd.oversized,
    "raw": Crowd.raw,
    "ping": Crowd.ping,
    "close": Crowd.close,
    "abort": Crowd.abort,
}


async def answers(rig: StreamRig) -> None:
    """Hold the server to an answer for somebody who behaves."""
    async with rig.open(open_timeout=PATIENCE) as connection:
        client = Client(connection)
        await client.say(action="subscribe", channels=["system/events"], id=1)
        await client.of_type("snapshot")
        seq = rig.append(fact(7))
        await client.until(lambda message: (message.position or "").endswith(f"/{seq}"))


async def resume(rig: StreamRig) -> None:
    here = rig.bot.tape.position
    after = f"{here.tape_id}/{here.run_id}/{here.seq}"
    async with rig.open(f"/ws/v1/system/events?after={after}") as connection:
        await Client(connection).of_type("subscribed")


def nothing_left(rig: StreamRig, tasks: int) -> bool:
    return rig.is_empty() and rig.server.tasks() <= tasks


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=st.lists(steps, max_size=25))
def test_any_story_leaves_the_stream_as_it_was(rig: StreamRig, story: list[Step]) -> None:
    async def told() -> None:
        crowd = Crowd(rig)
        try:
            for step in story:
                await crowd.do(step)
        finally:
            await crowd.end()

    eventually(rig.is_empty)
    tasks, files = rig.server.tasks(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no path is needed
    asyncio.run(told())
    eventually(lambda: nothing_left(rig, tasks))
    asyncio.run(answers(rig))
    eventually(lambda: nothing_left(rig, tasks))
    assert rig.reported == []
    eventually(lambda: len(list(Path("/proc/self/fd").iterdir())) <= files + 1)


@given(
    story=st.lists(
        st.tuples(
            st.sampled_from(["trades/live", "state", "custom/order"]), st.booleans(), st.integers(1, 30)
        ),
        max_size=12,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_positions_on_a_connection_never_go_back(rig: StreamRig, story: list[tuple[str, bool, int]]) -> None:
    async def told() -> None:
        async with rig.open(open_timeout=PATIENCE) as connection:
            for channel, leaves, events in story:
                action = "unsubscribe" if leaves else "subscribe"
                await connection.send(json.dumps({"action": action, "channels": [channel]}))
                rig.append(*(fact(number) for number in range(events)))
            await connection.send('{"action": "ping", "id": "last"}')
            seqs = []
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = decoded(await connection.recv())
                    seqs.append(int((message.position or "//0").rpartition("/")[2]))
                    if message.id == "last":
                        break
            assert seqs == sorted(seqs)

    asyncio.run(told())
