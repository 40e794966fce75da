"""Every check of the doctor: quiet on what is right, and failing on what is really broken."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import apsw
import msgspec
import pytest
import yaml
from support.disks import small_disk, without_space
from support.exchange_process import exchange_running
from support.history import SETTINGS
from support.market_files import waves, write
from support.recorded_bot import RecordedBot
from support.ward import Ward

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.halt import HaltRequest, write_halt
from trading_bot.contract.events.account import BalanceAdopted
from trading_bot.contract.events.lifecycle import TapePruned
from trading_bot.contract.events.observation import RuntimeSampled
from trading_bot.doctor import folder, machine
from trading_bot.doctor.examination import CHECKS, examine
from trading_bot.doctor.patient import DATABASES
from trading_bot.domain.snapshots import snapshot
from trading_bot.exchange.books import APPLICATION as EXCHANGE
from trading_bot.exchange.books import Books
from trading_bot.exchange.process import opening
from trading_bot.journal import Lock, RetentionPolicy
from trading_bot.journal.locks import lock_path
from trading_bot.market_data import intake


def test_on_a_home_where_all_is_well_nothing_has_failed(ward: Ward):
    ward.live()
    findings = examine(ward.home.path)
    assert {finding.status for finding in findings if finding.check not in {"clock", "ports"}} == {"ok"}
    assert {finding.check for finding in findings} >= set(CHECKS)


def contents(home: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(home)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in home.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("with_log", [True, False])
def test_a_dead_home_is_left_byte_for_byte_as_it_was(ward: Ward, with_log):
    ward.live()
    if with_log:  # as after kill -9: what was committed stands beside the database
        kept = {path.name: path.read_bytes() for path in ward.home.path.glob("journal.db*")}
    ward.die()
    if with_log:
        for name, content in kept.items():
            (ward.home.path / name).write_bytes(content)
    before = contents(ward.home.path)
    assert ("journal.db-wal" in before) is with_log
    findings = examine(ward.home.path)
    assert contents(ward.home.path) == before
    assert "failed" not in {finding.status for finding in findings}


def test_boot_settings_that_cannot_be_read_are_a_finding_and_the_rest_is_looked_at(ward: Ward):
    ward.home.boot_file.write_text("api_prot: 1\n")
    findings = examine(ward.home.path)
    assert findings[0].check == "boot settings"
    assert findings[0].status == "failed"
    assert "api_prot" in findings[0].found
    assert len(findings) > len(CHECKS)


def test_a_home_that_others_can_read(ward: Ward):
    assert ward.is_fine("home")
    ward.home.path.chmod(0o755)
    assert ward.worst("home").command == f"chmod 700 {ward.home.path}"


def test_a_home_on_a_network_file_system():
    mounts = "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv/bots nfs4 rw 0 0\n"
    assert folder.judge_file_system(Path("/srv/bots/demo"), mounts).status == "failed"
    assert folder.judge_file_system(Path("/srv/botsy"), mounts).status == "ok"


@pytest.mark.skipif(os.geteuid() != 0, reason="root: files are given to another user")
def test_a_file_of_another_user(ward: Ward):
    assert ward.is_fine("owners")
    os.chown(ward.home.read_key, 12345, -1)
    finding = ward.worst("owners")
    assert finding.status == "failed"
    assert "api-key (uid 12345)" in finding.found
    for path in [ward.home.path, *ward.home.path.rglob("*")]:
        os.chown(path, 12345, -1)
    assert ward.worst("owners").command is not None


def test_a_key_that_others_can_read_and_one_that_is_missing(ward: Ward):
    assert ward.is_fine("keys")
    ward.home.read_key.chmod(0o644)
    assert ward.worst("keys").command == f"chmod 600 {ward.home.read_key}"
    ward.home.read_key.unlink()
    assert ward.worst("keys").status == "warning"


def test_a_lock_held_by_nobody_who_can_be_seen(ward: Ward):
    with_lock = Lock.acquire(ward.home.ops)
    try:
        assert ward.is_fine("locks")
        lock_path(ward.home.ops).write_text("4194999\n")
        finding = ward.worst("locks")
    finally:
        with_lock.release()
    assert finding.status == "warning"
    assert "process 4194999, which is not seen here" in finding.found


def test_a_bot_that_is_frozen_dead_or_cannot_write(ward: Ward):
    assert "never run" in ward.worst("bot").found
    bot = ward.live()
    assert ward.is_fine("bot")
    bot.beat(silent_for=20)
    assert ward.worst("bot").status == "failed"
    assert "silent for 2" in ward.worst("bot").found
    bot.beat(journal_error="JRNL_004")
    assert "JRNL_004" in ward.worst("bot").found
    ward.die()
    assert ward.worst("bot").status == "warning"


def test_a_halt_file_with_its_reason(ward: Ward):
    assert ward.is_fine("halt")
    write_halt(ward.home.halt, HaltRequest(actor="ann", reason="the feed looks odd"))
    finding = ward.worst("halt")
    assert "ann: the feed looks odd" in finding.found
    assert finding.command == "tickertape resume --confirm"


def test_an_old_sqlite(ward: Ward):
    assert ward.is_fine("sqlite")
    assert machine.judge_sqlite("3.40.1").status == "failed"


def test_a_full_disk(ward: Ward, tmp_path: Path):
    with small_disk(tmp_path / "small") as made:
        if not made:
            pytest.skip("mount: a small file system cannot be made here")
        ward.settings = msgspec.structs.replace(ward.settings, home=tmp_path / "small")
        with without_space(tmp_path / "small"):
            assert ward.worst("disk").status == "failed"


def test_a_clock_that_is_not_the_venues(ward: Ward):
    bot = ward.live()
    bot.tape.append(sampled(offset_ns=-1_500_000_000))
    bot.commit()
    wrong = [finding for finding in ward.says("clock") if finding.status == "failed"]
    assert [finding.check for finding in wrong] == ["clock of the venue"]
    assert "1,500 ms off" in wrong[0].found


def test_a_clock_that_nobody_synchronises():
    assert machine.judge_synchronisation(machine.UNSYNCHRONISED | 1).status == "warning"
    assert machine.judge_synchronisation(1).status == "ok"
    assert machine.judge_synchronisation(None).status == "unknown"


def sampled(offset_ns: int) -> RuntimeSampled:
    return RuntimeSampled(
        interval_ns=1,
        cpu_seconds=0,
        resident_bytes=0,
        open_files=0,
        threads=0,
        loop_lag_ns=0,
        journal_queue=0,
        journal_bytes=0,
        clock_offset_ns=offset_ns,
        requests={},
        counters={},
        histograms={},
    )


def test_a_port_that_another_program_has_and_a_process_that_does_not_listen(ward: Ward):
    assert ward.is_fine("ports")
    with socket.create_server(("127.0.0.1", ward.settings.api_port)):
        assert f"{ward.settings.api_port} is taken by another program" in ward.worst("ports").found
        lock = Lock.acquire(ward.home.ops)
        with socket.create_server(("127.0.0.1", ward.settings.stream_port)):
            assert ward.is_fine("ports")
        assert f"does not listen on {ward.settings.stream_port}" in ward.worst("ports").found
    lock.release()
    assert ward.is_fine("ports")


HUNGRY = """
import resource, sys
from pathlib import Path
from trading_bot.journal import Lock
lock = Lock.acquire(Path(sys.argv[1]) / "ops")
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
files = [open("/dev/null") for _ in range(int(sys.argv[2]))]
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("files", "status"), [(5, "ok"), (45, "warning"), (56, "failed")])
def test_a_process_that_runs_out_of_descriptors(ward: Ward, files, status):
    process = subprocess.Popen(
        [sys.executable, "-c", HUNGRY, str(ward.home.path), str(files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        found = ward.says("descriptors")
        process.communicate("")
    assert [finding.status for finding in found] == [status]
    assert f"process {process.pid} (ops)" in found[0].found


def test_a_damaged_tape(ward: Ward):
    ward.live()
    ward.die()
    assert ward.is_fine("pages")
    apsw.Connection(str(ward.home.journal)).pragma("wal_checkpoint(TRUNCATE)")
    content = bytearray(ward.home.journal.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xa5" * 4096 * 3
    ward.home.journal.write_bytes(content)
    for side in ward.home.path.glob("journal.db-*"):
        side.unlink()
    finding = ward.worst("pages")
    assert finding.status == "failed"
    assert "journal.db" in finding.found


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_is_none(ward: Ward, name):
    (ward.home.path / name).write_bytes(b"no database at all" * 1_000)
    assert name in ward.worst("pages").found


def tamper(ward: Ward, sql: str) -> None:
    ward.die()
    connection = apsw.Connection(str(ward.home.journal))
    connection.execute(sql)
    assert connection.changes() == 1
    connection.close()


def test_an_event_that_was_changed_after_it_was_written(ward: Ward):
    ward.live()
    assert ward.is_fine("fold")
    tamper(
        ward,
        "UPDATE events SET payload = replace(payload, '1.0703', '1.0603') WHERE seq ="
        " (SELECT min(seq) FROM events WHERE kind = 'order.filled')",
    )
    finding = ward.worst("fold")
    assert finding.status == "failed"
    assert "was changed after it was written" in finding.found


def test_a_fact_that_was_removed(ward: Ward):
    ward.live()
    tamper(ward, "DELETE FROM events WHERE seq = (SELECT min(seq) FROM events WHERE kind = 'order.filled')")
    found = ward.says("fold")
    assert "events order.filled stand before the snapshot" in found[0].found
    assert found[0].status == "failed"


def test_an_event_that_is_missing_after_the_last_snapshots(ward: Ward):
    ward.live()
    tamper(ward, "DELETE FROM events WHERE seq = (SELECT max(seq) - 3 FROM events)")
    missing = [finding for finding in ward.says("fold") if finding.check == "sequence"]
    assert [finding.status for finding in missing] == ["failed"]
    assert "1 events are missing that were not pruned" in missing[0].found


def test_what_the_owner_pruned_is_explained(ward: Ward):
    bot = ward.live()
    bot.tape.append(snapshot(ward.state()))
    bot.commit()
    nothing = RetentionPolicy(measurement_ns=0, span_ns=0, span_bytes=0)
    pruned = bot.tape.prune(nothing, SystemClock().now_ns() + 1).result(60)
    assert pruned.measurements
    bot.tape.append(TapePruned(before=pruned.before, measurements=pruned.measurements, spans=pruned.spans))
    bot.commit()
    found = ward.says("fold")
    assert {finding.status for finding in found} == {"ok"}
    assert "pruned ones" in found[1].found


def begin_books(ward: Ward) -> Books:
    return Books.open(ward.home.exchange, opening("1s"), SystemClock().now_ns())


def dollars(amount: int) -> BalanceAdopted:
    return BalanceAdopted(asset="USD", previous=Decimal(0), amount=Decimal(amount), reason="opening")


def test_books_of_a_bot_that_does_not_run_are_compared_with_the_exchanges_database(ward: Ward):
    begin_books(ward).close()
    bot = ward.bot = _bot(ward)
    bot.tape.append(dollars(100_000))
    bot.commit()
    ward.die()
    assert ward.is_fine("books")
    connection = apsw.Connection(str(ward.home.exchange))
    connection.execute("UPDATE balances SET free = '99000' WHERE asset = 'USD'")
    connection.close()
    finding = ward.worst("books")
    assert finding.status == "warning"
    assert "USD is 100000 in the journal and 99000 at the exchange" in finding.found


def test_books_of_a_bot_that_runs_are_compared_with_the_exchange_itself(ward: Ward):
    bot = ward.bot = _bot(ward)
    bot.tape.append(dollars(100_000))
    bot.commit()
    bot.beat()
    with exchange_running(ward.home.path) as exchange:
        ward.settings = msgspec.structs.replace(ward.settings, exchange_port=exchange.port)
        assert ward.is_fine("books")
        bot.tape.append(dollars(100_001))
        bot.commit()
        assert ward.worst("books").status == "failed"


def _bot(ward: Ward) -> RecordedBot:
    return RecordedBot(ward.home, SystemClock())


def test_a_fill_that_one_side_does_not_know(ward: Ward):
    ward.live()
    begin_books(ward).close()
    finding = ward.worst("books")
    assert finding.status == "failed"
    assert "more)" in finding.found


def test_a_settings_file_that_differs_from_what_is_in_force(ward: Ward):
    ward.live()
    assert ward.is_fine("configuration")
    document = msgspec.to_builtins(SETTINGS)
    ward.home.config.write_text(yaml.safe_dump(document))
    assert ward.is_fine("configuration")
    ward.home.config.write_text(yaml.safe_dump({**document, "bar": "5m"}))
    assert ward.worst("configuration").status == "warning"
    ward.home.config.write_text("symbols: 5\n")
    assert ward.worst("configuration").status == "failed"
    ward.home.config.write_text("symbols: [\n")
    assert ward.worst("configuration").status == "failed"


def test_a_symbol_that_is_traded_without_data(ward: Ward, tmp_path: Path):
    path = write(tmp_path / "BTC-USD.csv", waves(60))
    intake.take_in(intake.Request(path=path, symbol="BTC/USD"), ward.home.data, 1, begun=False)
    assert ward.is_fine("configuration")
    ward.live()
    assert "EUR/USD is to be traded" in ward.worst("configuration").found.replace("AAPL/USD, ", "")


def test_an_unreadable_beacon_is_no_sign_of_life(ward: Ward):
    ward.home.beacon.mkdir()
    assert ward.worst("bot").status == "failed"


def test_the_doctor_knows_the_exchanges_database_by_its_name():
    assert DATABASES["exchange.db"] == EXCHANGE
