from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import wait_until

from trading_bot.contract.errors import OperatorError
from trading_bot.journal import Lock, lock_owner


def in_child(question: str, lock: Lock, path: Path) -> bytes:
    """Fork, and have the child answer a question about the lock it inherited."""
    answers: dict[str, Callable[[], object]] = {
        "held": lambda: lock.held,
        "owner": lambda: lock_owner(path),
    }
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, repr(answers[question]()).encode())
        os._exit(0)
    os.close(writable)
    answer = os.read(readable, 100)
    os.close(readable)
    os.waitpid(child, 0)
    return answer


def test_a_second_lock_is_one_clear_line_that_names_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    lock = Lock.acquire(path)
    with pytest.raises(OperatorError) as refused:
        Lock.acquire(path)
    assert refused.value.code == "JRNL_003"
    assert refused.value.context["owner"] == os.getpid()
    assert f"process {os.getpid()}" in refused.value.line()
    assert "\n" not in refused.value.line()
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Lock.acquire(path).release()
    lock = Lock.acquire(path)
    assert lock.held
    lock.release()
    assert not lock.held


def test_asking_for_the_owner_does_not_take_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert lock_owner(path) is None
    lock = Lock.acquire(path)
    assert lock_owner(path) == os.getpid()
    lock.release()
    assert lock_owner(path) is None
    Lock.acquire(path).release()


def test_a_forked_child_does_not_hold_the_lock_and_the_parent_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    lock = Lock.acquire(path)
    assert in_child("held", lock, path) == b"False"
    assert in_child("owner", lock, path) == str(os.getpid()).encode()
    assert lock.held
    assert lock_owner(path) == os.getpid()
    lock.release()


def test_a_lock_ends_with_its_process_although_a_forked_child_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    readable, writable = os.pipe()
    taker = os.fork()
    if taker == 0:
        _kept = Lock.acquire(path)
        grandchild = os.fork()
        if grandchild == 0:
            os.read(readable, 1)  # until the test lets it go
            os._exit(0)
        os._exit(0)  # no release: as after kill -9
    os.waitpid(taker, 0)
    try:
        # The child closes its copy as the first thing it does, which may be after its parent's end.
        assert wait_until(lambda: lock_owner(path) is None)
        lock = Lock.acquire(path)
        assert lock.held
        lock.release()
    finally:
        os.write(writable, b".")


def test_a_missing_home_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as refused:
        Lock.acquire(tmp_path / "nowhere" / "journal.db")
    assert refused.value.code == "JRNL_008"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_home_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65_534)
        try:
            Lock.acquire(tmp_path / "journal.db")
        except OperatorError as error:
            os.write(writable, error.code.encode())
        os._exit(0)
    os.close(writable)
    assert os.read(readable, 100) == b"JRNL_008"
    os.waitpid(child, 0)
