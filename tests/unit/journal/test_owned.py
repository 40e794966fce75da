from __future__ import annotations

import os
import threading
from pathlib import Path

import apsw
import pytest

from trading_bot.contract.errors import NonRetriableError, OperatorError, RetriableError, TickertapeError
from trading_bot.journal import OwnedDatabase
from trading_bot.journal.connections import require_sqlite

SCHEMA = "CREATE TABLE cursors (name TEXT PRIMARY KEY, seq INTEGER NOT NULL)"


def opened(path: Path, application: str = "exporter", version: int = 1) -> OwnedDatabase:
    return OwnedDatabase.open(path, SCHEMA, application, version)


def refusal(path: Path, application: str = "exporter", version: int = 1) -> TickertapeError:
    with pytest.raises(TickertapeError) as refused:
        opened(path, application, version)
    assert "\n" not in refused.value.line()
    return refused.value


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    with opened(tmp_path / "exporter.db") as database:
        database.execute("INSERT INTO cursors VALUES (?, ?)", ("spans", 3))
    with opened(tmp_path / "exporter.db") as database:
        assert database.execute("SELECT * FROM cursors") == [("spans", 3)]


@pytest.mark.parametrize("durable", [False, True])
def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path, durable: bool) -> None:
    with opened(tmp_path / "exporter.db") as database:
        with pytest.raises(apsw.ConstraintError), database.transaction(durable=durable):
            database.execute_many("INSERT INTO cursors VALUES (?, ?)", [("a", 1), ("a", 2)])
        assert database.execute("SELECT * FROM cursors") == []
        with database.transaction(durable=durable):
            database.execute_many("INSERT INTO cursors VALUES (?, ?)", [("a", 1), ("b", 2)])
        assert database.execute("SELECT count(*) FROM cursors") == [(2,)]


def test_a_transaction_inside_a_transaction_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "exporter.db") as database, database.transaction():
        with pytest.raises(RuntimeError), database.transaction():
            pass
        database.execute("INSERT INTO cursors VALUES ('spans', 3)")


def test_threads_wait_for_each_others_transactions(tmp_path: Path) -> None:
    with opened(tmp_path / "exporter.db") as database:
        database.execute("INSERT INTO cursors VALUES ('spans', 0)")

        def count_up() -> None:
            for _ in range(50):
                with database.transaction():
                    [(seq,)] = database.execute("SELECT seq FROM cursors")
                    database.execute("UPDATE cursors SET seq = ?", (seq + 1,))

        threads = [threading.Thread(target=count_up) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert database.execute("SELECT seq FROM cursors") == [(150,)]


def test_an_older_layout_is_migrated_in_steps(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    with opened(path) as database:
        database.execute("INSERT INTO cursors VALUES ('spans', 3)")
    steps = {1: "ALTER TABLE cursors ADD at INTEGER", 2: "UPDATE cursors SET at = 9"}
    with OwnedDatabase.open(path, SCHEMA, "exporter", 3, migrations=steps) as database:
        assert database.execute("SELECT * FROM cursors") == [("spans", 3, 9)]


def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "exporter.db"):
        error = refusal(tmp_path / "exporter.db")
    assert error.code == "JRNL_003"
    assert error.context["owner"] == os.getpid()


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = opened(tmp_path / "exporter.db")
    database.close()
    database.close()
    with pytest.raises(NonRetriableError) as refused:
        database.execute("SELECT 1")
    assert refused.value.code == "JRNL_012"


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    path.write_text("my notes\n" * 500)
    assert refusal(path).code == "JRNL_002"
    assert path.read_text() == "my notes\n" * 500


def test_a_database_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    opened(path, application="exchange").close()
    before = path.read_bytes()
    assert refusal(path).code == "JRNL_002"
    foreign = apsw.Connection(str(tmp_path / "foreign.db"))
    foreign.execute("CREATE TABLE notes (text)")
    foreign.close()
    assert refusal(tmp_path / "foreign.db").code == "JRNL_002"
    assert path.read_bytes() == before


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "exporter.db", version=2).close()
    error = refusal(tmp_path / "exporter.db", version=1)
    assert error.code == "JRNL_007"
    assert error.context["found"] == 2


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    with opened(path) as database:
        database.execute_many("INSERT INTO cursors VALUES (?, 1)", [(f"name {n:05}",) for n in range(2_000)])
    with path.open("r+b") as file:
        file.seek(3 * 4_096)
        file.write(b"\xff" * 8_192)
    assert refusal(path).code == "JRNL_001"


def test_a_refused_file_gives_its_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    path.write_text("my notes\n" * 500)
    assert refusal(path)
    path.unlink()
    again = opened(path)
    assert again.execute("SELECT count(*) FROM cursors") == [(0,)]
    again.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    opened(path).close()
    os.chown(path, 65_534, 65_534)
    error = refusal(path)
    assert error.code == "JRNL_005"
    assert error.context["found"] == 65_534


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere" / "exporter.db").code == "JRNL_008"


def test_a_file_that_another_program_holds_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "exporter.db"
    with opened(path) as database:
        shell = apsw.Connection(str(path))
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(RetriableError) as refused:
            database.execute("INSERT INTO cursors VALUES ('spans', 3)")
        assert refused.value.code == "JRNL_010"
        shell.execute("ROLLBACK")
        shell.close()
        database.execute("INSERT INTO cursors VALUES ('spans', 3)")


def test_an_sqlite_with_the_wal_reset_bug_is_refused() -> None:
    require_sqlite("3.51.3")
    require_sqlite("3.54.1")
    with pytest.raises(OperatorError) as refused:
        require_sqlite("3.51.2")
    assert refused.value.code == "JRNL_006"
    with pytest.raises(OperatorError):
        require_sqlite("3.7.0")


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    with opened(tmp_path / "exporter.db") as database:
        database.execute("INSERT INTO cursors VALUES ('spans', 3)")
        for path in tmp_path.iterdir():
            assert path.stat().st_mode & 0o077 == 0, path
