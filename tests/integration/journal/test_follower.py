from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from support.command import PATIENCE
from support.tapes import eventually, fact, measurement, number_of, open_writer, read_all

from trading_bot.contract.codec import Envelope
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state, restore, snapshot
from trading_bot.domain.state import State
from trading_bot.journal import Follower, Page, TapePosition, TapeReader, fold_page
from trading_bot.journal.watch import CommitWatch

Program = subprocess.Popen[str]


def gather(follower: Follower, until: int, seconds: float = PATIENCE) -> list[Envelope]:
    """Follow until a sequence number; what came before a restart does not count."""
    found: list[Envelope] = []
    end = time.monotonic() + seconds
    while follower.position is None or follower.position.seq < until:
        assert time.monotonic() < end, f"only {len(found)} events came; {follower.fault}"
        page = follower.next_page(0.1)
        if page is not None:
            found = page.envelopes if page.restarted else found + page.envelopes
    return found


def next_page(follower: Follower) -> Page:
    page = follower.next_page(PATIENCE)
    assert page is not None
    return page


def test_a_follower_sees_each_commit_of_another_process_once_and_in_order(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    with Follower(path) as follower:
        program = start("appending.py", path, "run-1", 3, 500)
        found = gather(follower, until=500)
        program.communicate()
        found += gather(follower, until=read_all(path)[-1].seq)
    assert found == read_all(path)


def test_a_follower_outlives_kill_9_and_restart_of_the_writer(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    with Follower(path) as follower:
        found: list[Envelope] = []
        for life in range(3):
            program = start("appending.py", path, f"run-{life}", life, 0)
            found += gather(follower, until=(follower.position.seq if follower.position else 0) + 100)
            program.kill()
            program.communicate()
        found += gather(follower, until=read_all(path)[-1].seq)
        assert found == read_all(path)
        assert follower.rewinds == 0


def test_a_follower_outlives_a_write_ahead_log_that_is_removed_and_made_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_writer(path, "run-0").close()
    with Follower(path) as follower:
        for run in range(1, 4):
            with open_writer(path, f"run-{run}") as writer:
                writer.append(fact(run))
                writer.make_durable().result(60)
                assert [number_of(e) for e in next_page(follower).envelopes] == [run]
            follower.next_page(0.05)
        assert follower.rewinds == 0


def test_a_missing_tape_is_a_status_and_is_followed_when_it_appears(tmp_path: Path) -> None:
    path = tmp_path / "home" / "journal.db"
    with Follower(path) as follower:
        assert follower.next_page(0.05) is None
        assert follower.fault is not None
        assert follower.fault.code == "JRNL_013"
        assert not follower.caught_up
        path.parent.mkdir()
        with open_writer(path) as writer:
            writer.append(fact(1))
            writer.make_durable().result(60)
            page = next_page(follower)
        assert page.restarted
        assert [number_of(envelope) for envelope in page.envelopes] == [1]
        assert follower.fault is None
        assert follower.caught_up


def test_a_tape_that_goes_away_is_a_status_and_a_new_one_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path, "run-1") as writer:
        writer.append(fact(1))
    with Follower(path) as follower:
        next_page(follower)
        for file in tmp_path.glob("journal.db*"):
            file.unlink()
        eventually(lambda: follower.next_page(0.05) is None and follower.fault is not None)
        assert follower.fault is not None
        assert follower.fault.code == "JRNL_013"
        with open_writer(path, "run-2") as writer:
            writer.append(fact(2))
            writer.make_durable().result(60)
            page = next_page(follower)
        assert page.restarted
        assert [number_of(envelope) for envelope in page.envelopes] == [2]
        assert follower.rewinds == 1


def test_a_damaged_or_foreign_tape_is_a_status_and_a_whole_one_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("my notes\n" * 1_000)
    with Follower(path) as follower:
        assert follower.next_page(0.05) is None
        assert follower.fault is not None
        assert follower.fault.code == "JRNL_002"
        path.unlink()
        with open_writer(path) as writer:
            for number in range(3_000):
                writer.append(fact(number, padding=500))
        assert len(gather(follower, until=3_000)) == 3_000
    with path.open("r+b") as file:
        file.seek(20 * 4_096)
        file.write(b"\xff" * 4_096 * 100)
    with Follower(path) as follower:
        eventually(lambda: follower.next_page(0.05) is None and follower.fault is not None)
        assert follower.fault is not None
        assert follower.fault.code == "JRNL_001"


def test_after_a_power_loss_a_follower_goes_back_to_the_last_snapshot_and_counts_it(tmp_path: Path) -> None:
    path, kept = tmp_path / "journal.db", tmp_path / "kept.db"
    with open_writer(path, "run-1") as writer:
        state = State()
        for number in range(20):
            state = evolve(state, writer.append(fact(number)))
        writer.append(snapshot(state))
    shutil.copy(path, kept)
    with open_writer(path, "run-2") as writer:
        for number in range(20, 40):
            writer.append(fact(number))
    with Follower(path) as follower:
        gather(follower, until=41)
        lost = follower.position
        for side_file in tmp_path.glob("journal.db-*"):
            side_file.unlink()
        kept.replace(path)  # the disk comes back with less than it had
        with open_writer(path, "run-3") as writer:
            for number in range(50, 100):
                writer.append(fact(number))
            writer.make_durable().result(60)
            page = next_page(follower)
            assert page.restarted
            assert page.envelopes[0].kind == "state.snapshotted"
            assert follower.rewinds == 1
    with Follower(path, lost) as resumed:
        assert next_page(resumed).restarted, "another run wrote the event at that position"
        assert resumed.rewinds == 1


def test_a_position_past_the_end_goes_back_and_a_kept_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer:
        for number in range(10):
            writer.append(fact(number))
        tape_id = writer.tape_id
    with Follower(path, TapePosition(tape_id, "run-1", 11)) as follower:
        assert next_page(follower).restarted
        assert follower.rewinds == 1
    with Follower(path, TapePosition(tape_id, "run-1", 7)) as follower:
        page = next_page(follower)
        assert not page.restarted
        assert [number_of(envelope) for envelope in page.envelopes] == [7, 8, 9]
        assert follower.rewinds == 0
    with Follower(path, TapePosition("another tape", "run-1", 7)) as follower:
        assert next_page(follower).restarted


def test_the_state_of_a_follower_equals_the_state_of_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    live, seen = State(), State()
    with open_writer(path) as writer:
        for number in range(40):
            live = evolve(live, writer.append(fact(number)))
            if number % 15 == 9:
                live = evolve(live, writer.append(snapshot(live)))
        writer.make_durable().result(60)
        with Follower(path, page_limit=7) as follower:
            while follower.position is None or follower.position.seq < writer.last:
                seen = fold_page(seen, next_page(follower), evolve, State, restore)
            live = evolve(live, writer.append(fact(99)))
            seen = fold_page(seen, next_page(follower), evolve, State, restore)
    assert encode_state(seen) == encode_state(live)


def test_a_follower_of_some_kinds_still_moves_past_the_others(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer:
        writer.append(fact(1))
        for number in range(10):
            writer.append(measurement(number))
    with Follower(path, kinds=["mode.changed"], from_snapshot=False) as follower:
        page = next_page(follower)
        assert [number_of(envelope) for envelope in page.envelopes] == [1]
        assert page.position.seq == 11
        assert follower.behind == 0


def test_stopping_ends_a_follower_that_waits(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_writer(path).close()
    with Follower(path) as follower:
        thread = threading.Thread(target=lambda: list(follower.pages()))
        thread.start()
        time.sleep(0.05)
        follower.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_follower_that_has_closed_already_can_be_stopped(tmp_path: Path) -> None:
    for _ in range(20):
        follower = Follower(tmp_path / "journal.db")
        thread = threading.Thread(target=lambda each=follower: (list(each.pages()), each.close()))
        thread.start()
        follower.stop()  # the thread sees that it is over, and may close before the stop is done
        thread.join(PATIENCE)
        assert not thread.is_alive()
        follower.stop()


def test_a_commit_is_told_once_and_when_it_can_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as writer, TapeReader.open(path) as reader, closing(CommitWatch(path)) as watch:
        assert watch.wait(PATIENCE)  # the watch stands from here on
        for number in range(1, 21):
            assert not watch.wait(0)
            writer.append(fact(number))
            writer.flush()
            assert watch.wait(PATIENCE)
            assert reader.last_seq() == number


def test_an_idle_follower_costs_next_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path), Follower(path) as follower:
        follower.next_page(0.2)
        began = time.thread_time()
        follower.next_page(2)
        assert (time.thread_time() - began) / 2 < 0.005
