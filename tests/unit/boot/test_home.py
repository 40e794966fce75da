from __future__ import annotations

import stat
import threading

import pytest

from trading_bot.boot import keys
from trading_bot.boot.halt import HaltRequest, read_halt, write_halt
from trading_bot.boot.home import Home, venue_credentials
from trading_bot.boot.settings import load_settings
from trading_bot.contract.errors import OperatorError


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_private_and_has_four_private_keys(tmp_path):
    home = Home(tmp_path / "deep" / "home").create()
    assert mode(home.path) == 0o700
    made = [home.read_key, home.operate_key, home.venue_key, home.venue_secret]
    assert [mode(path) for path in made] == [0o600] * 4
    assert len({keys.read_key(path) for path in made}) == 4
    assert all(len(keys.read_key(path)) >= 43 for path in made)  # 256 bits in base64


def test_a_second_start_keeps_the_keys_and_leaves_no_drafts(tmp_path):
    first = keys.read_key(Home(tmp_path).create().read_key)
    assert keys.read_key(Home(tmp_path).create().read_key) == first
    assert not list(tmp_path.glob(".*"))


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    seen = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        keys.ensure_key(tmp_path / "key")
        seen.append(keys.read_key(tmp_path / "key"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_a_home_that_is_a_file_is_one_clear_line(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(OperatorError) as caught:
        Home(tmp_path / "home").create()
    assert caught.value.code == "BOT_004"
    assert str(tmp_path / "home") in caught.value.line()
    assert "\n" not in caught.value.line()


def test_a_home_that_cannot_be_written_is_one_clear_line():
    with pytest.raises(OperatorError) as caught:
        Home.create(Home(load_settings("/proc/tickertape", {}).home))
    assert caught.value.code == "BOT_004"


@pytest.mark.parametrize("content", ["", "  \n"])
def test_an_empty_key_file_is_refused(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(OperatorError, match="empty"):
        keys.read_key(path)


def test_a_key_file_that_others_may_read_is_refused_with_the_command_that_helps(tmp_path):
    path = tmp_path / "key"
    path.write_text("secret")
    path.chmod(0o644)
    with pytest.raises(OperatorError, match=f"chmod 600 {path}") as caught:
        keys.read_key(path)
    assert caught.value.code == "BOT_006"


def test_a_hash_does_not_tell_the_key_and_differs_for_another():
    hashed = keys.hash_key("a key")
    assert "a key" not in hashed
    assert keys.hash_key("a key") == hashed
    assert keys.hash_key("another key") != hashed


def test_a_real_venue_without_key_files_is_refused_by_name(tmp_path):
    with pytest.raises(OperatorError, match="BOT_VENUE__API_KEY_FILE") as caught:
        venue_credentials(load_settings(tmp_path, {"BOT_VENUE__NAME": "kraken"}))
    assert caught.value.code == "BOT_002"


def test_the_simulated_exchange_has_the_keys_of_the_home(tmp_path):
    home = Home(tmp_path).create()
    found = venue_credentials(load_settings(tmp_path, {}))
    assert found.api_key == keys.read_key(home.venue_key)
    assert found.secret == keys.read_key(home.venue_secret)
    assert found.secret not in repr(found)


def test_a_halt_says_who_when_and_why_and_a_second_one_does_not_overwrite_it(tmp_path):
    path = tmp_path / "HALT"
    assert read_halt(path) is None
    first = HaltRequest(actor="ann", at=5, reason="fills look wrong")
    write_halt(path, first)
    write_halt(path, HaltRequest(actor="bob", at=6, reason="me too"))
    assert read_halt(path) == first
    assert [child.name for child in tmp_path.iterdir()] == ["HALT"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "no reason given"), (b"stop it\nnow", "stop it"), (b"\xff\xfe", "��"), (b"[1]", "[1]")],
)
def test_a_halt_file_made_by_hand_halts_whatever_is_in_it(tmp_path, content, reason):
    (tmp_path / "HALT").write_bytes(content)
    request = read_halt(tmp_path / "HALT")
    assert request is not None
    assert request.reason == reason
