from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import apsw
import pytest
from support.tapes import eventually, fact, measurement, number_of, open_writer, read_all, spans

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError, OperatorError, TickertapeError
from trading_bot.contract.events.lifecycle import Mode, ModeChanged, StateSnapshotted
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state, restore, snapshot
from trading_bot.domain.state import State
from trading_bot.journal import RetentionPolicy, TapeReader, replay

HOUR_NS = 3_600 * 1_000_000_000


def grown(path: Path, size: int) -> bool:
    return path.stat().st_size > size


def kinds_left(path: Path) -> list[str]:
    return [envelope.kind for envelope in read_all(path)]


def test_what_was_appended_is_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer:
        appended = [
            writer.append(fact(1), trace_id="a" * 32, span_id="b" * 16),
            writer.append(measurement(2)),
            writer.append(spans(10)),
        ]
        assert writer.last == 3
    assert read_all(path) == appended
    assert [envelope.seq for envelope in appended] == [1, 2, 3]


def test_a_secret_is_on_neither_the_tape_nor_the_envelope(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    event = ModeChanged(
        previous=Mode.RUNNING,
        mode=Mode.HALTED,
        reason="Asked",
        message="api_key=hunter2 was used",
        actor="test",
    )
    with open_writer(path) as writer:
        envelope = writer.append(event)
    assert b"hunter2" not in path.read_bytes()
    assert read_all(path) == [envelope]


def test_a_durable_commit_covers_all_that_was_appended_before(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db") as writer:
        for number in range(10):
            writer.append(fact(number))
        assert writer.make_durable().result(60) == 10
        assert writer.committed == 10
        assert [number_of(envelope) for envelope in read_all(writer.path)] == list(range(10))
        assert writer.make_durable().result(60) == 10, "with nothing queued, too"


def test_listeners_hear_of_events_after_their_commit_in_order(tmp_path: Path) -> None:
    heard: list[Envelope] = []
    on_tape: list[int] = []
    with open_writer(tmp_path / "journal.db") as writer:

        def listen(envelopes: Sequence[Envelope]) -> None:
            heard.extend(envelopes)
            on_tape.append(len(read_all(tmp_path / "journal.db")))

        writer.on_commit(listen)
        appended = [writer.append(fact(number)) for number in range(5)]
    assert heard == appended
    assert on_tape[-1] == 5


def test_a_listener_that_fails_stops_nothing(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db") as writer:
        heard: list[Envelope] = []
        writer.on_commit(lambda envelopes: heard.append(envelopes[100]))
        writer.append(fact(1))
        writer.make_durable().result(60)
        writer.append(fact(2))
        writer.make_durable().result(60)
        assert isinstance(writer.listener_error, IndexError)
    assert len(read_all(tmp_path / "journal.db")) == 2


def test_a_new_run_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path, "run-1") as writer:
        writer.append(fact(1))
        tape_id = writer.tape_id
    with open_writer(path, "run-2") as writer:
        assert writer.tape_id == tape_id
        assert writer.append(fact(2)).seq == 2
    with TapeReader.open(path) as reader:
        assert [reader.run_at(seq) for seq in (1, 2)] == ["run-1", "run-2"]
        assert [run.run_id for run in reader.runs()] == ["run-2", "run-1"]


def test_a_second_writer_is_one_clear_line(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db"), pytest.raises(OperatorError) as refused:
        open_writer(tmp_path / "journal.db")
    assert refused.value.code == "JRNL_003"
    assert "\n" not in refused.value.line()


def test_a_closed_tape_takes_nothing(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "journal.db")
    writer.close()
    writer.close()
    with pytest.raises(NonRetriableError) as refused:
        writer.append(fact(1))
    assert refused.value.code == "JRNL_012"


def test_a_forked_child_cannot_append(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db") as writer:
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                writer.append(fact(1))
            except TickertapeError as error:
                os.write(writable, error.code.encode())
            writer.close()
            os._exit(0)
        os.close(writable)
        assert os.read(readable, 20) == b"JRNL_012"
        os.waitpid(child, 0)
        writer.append(fact(2))
    assert [number_of(envelope) for envelope in read_all(tmp_path / "journal.db")] == [2]


def test_a_tape_that_cannot_be_written_keeps_its_queue_and_writes_it_later(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer:
        writer.append(fact(0))
        writer.make_durable().result(60)
        shell = apsw.Connection(str(path))
        shell.execute("BEGIN IMMEDIATE")
        writer.append(fact(1))
        with pytest.raises(TickertapeError) as failed:
            writer.make_durable().result(60)
        assert failed.value.code == "JRNL_010"
        assert writer.fault is failed.value
        with pytest.raises(TickertapeError):
            writer.make_durable().result(0)
        for number in range(2, 50):
            writer.append(fact(number))
        shell.execute("ROLLBACK")
        shell.close()
        eventually(lambda: writer.fault is None)
    assert [number_of(envelope) for envelope in read_all(path)] == list(range(50))


def test_a_full_queue_drops_measurements_and_counts_them_but_keeps_every_fact(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path, queue_bytes=5_000) as writer:
        shell = apsw.Connection(str(path))
        shell.execute("BEGIN IMMEDIATE")
        for number in range(100):
            writer.append(fact(number))
            writer.append(measurement(number))
        eventually(lambda: writer.fault)
        dropped = writer.dropped["bot.beat"]
        shell.execute("ROLLBACK")
        shell.close()
    envelopes = read_all(path)
    facts = [envelope for envelope in envelopes if envelope.kind == "mode.changed"]
    assert [number_of(envelope) for envelope in facts] == list(range(100))
    assert dropped > 50
    assert len(envelopes) == 200 - dropped
    assert [envelope.seq for envelope in envelopes] == sorted(envelope.seq for envelope in envelopes)


def test_closing_a_tape_that_cannot_be_written_says_so_and_gives_the_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    writer = open_writer(path)
    shell = apsw.Connection(str(path))
    shell.execute("BEGIN IMMEDIATE")
    writer.append(fact(1))
    with pytest.raises(TickertapeError) as failed:
        writer.close(timeout=0.5)
    assert failed.value.code == "JRNL_010"
    shell.execute("ROLLBACK")
    shell.close()
    open_writer(path, "run-2").close()


def test_a_tape_removed_under_its_writer_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    writer = open_writer(path)
    writer.append(fact(1))
    writer.make_durable().result(60)
    aside = path.rename(tmp_path / "aside.db")
    eventually(lambda: (writer.append(fact(2)), writer.fault)[1])
    fault = writer.fault
    assert fault is not None
    assert fault.code == "JRNL_011"
    aside.rename(path)
    writer.close()
    assert writer.fault is None
    assert len(read_all(path)) == writer.last


def test_commits_are_measured_and_drained(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db") as writer:
        began = time.perf_counter()
        writer.append(fact(1))
        writer.make_durable().result(60)
        drained = writer.drain_latency()
        assert sum(drained.buckets) == 1
        assert 0 < drained.total < time.perf_counter() - began
        assert sum(writer.drain_latency().buckets) == 0


def test_the_write_ahead_log_is_checkpointed_when_nobody_waits(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer, TapeReader.open(path) as reader:
        for _ in range(4):
            size = path.stat().st_size
            for _number in range(1_200):
                writer.append(spans(padding=3_800))
            writer.make_durable().result(60)
            assert reader.last_seq() == writer.last
            eventually(partial(grown, path, size + 4_000_000))
        assert (tmp_path / "journal.db-wal").stat().st_size < 8_000_000
        assert writer.size() > 16_000_000


def test_pruning_takes_old_measurements_spans_and_snapshots_but_no_fact(tmp_path: Path) -> None:
    path, clock = tmp_path / "journal.db", ManualClock()
    with open_writer(path, clock=clock) as writer:
        for number in range(3):
            writer.append(fact(number))
            writer.append(measurement(number))
            writer.append(spans(10))
            writer.append(snapshot(State()))
        clock.advance(3 * 3_600)
        writer.append(measurement(9))
        pruned = writer.prune(
            RetentionPolicy(measurement_ns=HOUR_NS, span_ns=HOUR_NS), clock.now_ns()
        ).result(60)
        assert (pruned.measurements, pruned.spans, pruned.snapshots) == (2, 3, 1)
        assert pruned.before == 12
    left = kinds_left(path)
    assert left.count("mode.changed") == 3
    assert left.count("state.snapshotted") == 2
    assert left.count("bot.beat") == 2, "one after the older kept snapshot, one young"
    assert left.count("spans.recorded") == 0


def test_without_a_snapshot_no_measurement_is_pruned(tmp_path: Path) -> None:
    path, clock = tmp_path / "journal.db", ManualClock()
    with open_writer(path, clock=clock) as writer:
        writer.append(measurement(1))
        clock.advance(3 * 3_600)
        writer.append(measurement(2))
        writer.prune(RetentionPolicy(measurement_ns=HOUR_NS), clock.now_ns()).result(60)
    assert kinds_left(path) == ["bot.beat", "bot.beat"]


def test_spans_are_pruned_by_size_the_oldest_first(tmp_path: Path) -> None:
    path, clock = tmp_path / "journal.db", ManualClock()
    with open_writer(path, clock=clock) as writer:
        sequence = [writer.append(spans(1_000)).seq for _ in range(500)]
        pruned = writer.prune(RetentionPolicy(span_bytes=120_000), clock.now_ns()).result(60)
        left = [envelope.seq for envelope in read_all(path)]
        assert left == sequence[-len(left) :]
        assert 80 <= len(left) <= 120
        assert pruned.spans == 500 - len(left)


def test_replay_from_a_snapshot_equals_replay_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer:
        state = State()
        for number in range(50):
            state = evolve(state, writer.append(fact(number)))
            if number == 30:
                state = evolve(state, writer.append(snapshot(state)))
    with TapeReader.open(path) as reader:
        replayed, position = replay(reader, evolve, State, restore)
        assert encode_state(replayed) == encode_state(state)
        assert position == reader.last()
        assert isinstance(reader.last_snapshot().payload, StateSnapshotted)  # type: ignore[union-attr]


def test_kinds_are_read_alone(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db") as writer:
        for number in range(10):
            writer.append(fact(number))
            writer.append(measurement(number))
    with TapeReader.open(tmp_path / "journal.db") as reader:
        found = reader.read(5, 3, kinds=["mode.changed"])
        assert [number_of(envelope) for envelope in found] == [3, 4, 5]
        assert reader.read(5, 3, kinds=[]) == []
        assert reader.event(2) == reader.read(1, 1)[0]
        assert reader.event(21) is None


def test_a_reader_of_nothing_says_that_there_is_nothing_yet(tmp_path: Path) -> None:
    with pytest.raises(TickertapeError) as refused:
        TapeReader.open(tmp_path / "journal.db")
    assert refused.value.code == "JRNL_013"
    assert list(tmp_path.iterdir()) == [], "a reader makes no file"


def test_a_damaged_tape_is_not_written_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer:
        for number in range(500):
            writer.append(fact(number))
    with TapeReader.open(path) as reader:
        reader.check_pages()
    with path.open("r+b") as file:
        file.seek(10 * 4_096)
        file.write(b"\xff" * 8_192)
    with TapeReader.open(path) as reader, pytest.raises(OperatorError) as found:
        reader.check_pages()
    with pytest.raises(OperatorError) as refused:
        open_writer(path, "run-2")
    assert found.value.code == refused.value.code == "JRNL_001"


def test_an_empty_tape_has_no_last_position(tmp_path: Path) -> None:
    with open_writer(tmp_path / "journal.db"), TapeReader.open(tmp_path / "journal.db") as reader:
        assert reader.last() is None
        assert reader.last_snapshot() is None
        assert reader.position(0).seq == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_reader_refuses_the_tape_of_another_user(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_writer(path).close()
    os.chown(path, 65_534, 65_534)
    with pytest.raises(TickertapeError) as refused:
        TapeReader.open(path)
    assert refused.value.code == "JRNL_005"
