"""Sessions and tokens of people, by an injected clock."""

from __future__ import annotations

import threading

import jwt
import pytest

from exporter.ops.access.keys import KeyRing
from exporter.ops.access.passwords import Passwords
from exporter.ops.access.sessions import IDLE_NS, MOST_SESSIONS, WHOLE_NS, Sessions
from exporter.ops.access.sign_in import SignIn
from exporter.ops.access.tokens import ACCESS_SECONDS, ALGORITHM
from trading_bot.boot.access import add_person, remove_person
from trading_bot.boot.home import Home
from trading_bot.boot.passwords import hash_password
from trading_bot.boot.roles import Role
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import NonRetriableError, RetriableError, TickertapeError
from trading_bot.domain.clock import SECOND, ManualClock

PASSWORD = "correct horse battery"


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home").create()
    add_person(home.people, "ada", Role.OPERATE, hash_password(PASSWORD), 0)
    return home


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_795_000_000 * SECOND)


@pytest.fixture
def keys(home) -> KeyRing:
    return KeyRing.of_home(home, BootSettings(home=home.path))


@pytest.fixture
def reported() -> list[TickertapeError]:
    return []


@pytest.fixture
def sign_in(home, keys, clock, reported) -> SignIn:
    return SignIn.of_home(home, keys, clock, reported.append)


def refused(function, *arguments) -> TickertapeError:
    with pytest.raises(TickertapeError) as caught:
        function(*arguments)
    return caught.value


def test_an_access_token_is_good_for_a_quarter_of_an_hour_and_has_its_persons_role(keys, sign_in, clock):
    pair = sign_in.tokens.sign_in("ada")
    found = keys.identify(pair.access_token)
    assert (found.name, found.role) == ("ada", Role.OPERATE)
    assert found.id.startswith("session:")
    clock.advance(ACCESS_SECONDS)
    assert keys.identify(pair.access_token) is None


def test_a_refresh_token_asks_for_nothing_but_the_next_pair(keys, sign_in):
    pair = sign_in.tokens.sign_in("ada")
    assert keys.identify(pair.refresh_token) is None
    assert refused(sign_in.tokens.refresh, pair.access_token).code == "AUTH_003"


def test_a_session_lasts_while_it_is_refreshed_and_thirty_days_at_most(sign_in, clock):
    pair = sign_in.tokens.sign_in("ada")
    for _ in range(WHOLE_NS // IDLE_NS):
        clock.advance(IDLE_NS / SECOND - 1)
        pair = sign_in.tokens.refresh(pair.refresh_token)
    clock.advance(IDLE_NS / SECOND - 1)
    assert refused(sign_in.tokens.refresh, pair.refresh_token).code == "AUTH_003"


def test_a_used_refresh_token_ends_the_session_and_every_token_of_it(keys, sign_in):
    stolen = sign_in.tokens.sign_in("ada")
    ours = sign_in.tokens.refresh(stolen.refresh_token)
    assert "used twice" in refused(sign_in.tokens.refresh, stolen.refresh_token).message
    assert keys.identify(ours.access_token) is None
    assert refused(sign_in.tokens.refresh, ours.refresh_token).code == "AUTH_003"


def test_sessions_are_read_again_after_a_restart(home, keys, sign_in, clock, reported):
    pair = sign_in.tokens.sign_in("ada")
    assert home.sessions.stat().st_mode & 0o777 == 0o600
    assert pair.refresh_token not in home.sessions.read_text()
    again = SignIn.of_home(home, keys, clock, reported.append)
    assert keys.identify(pair.access_token) is not None
    assert again.tokens.refresh(pair.refresh_token)


def test_of_too_many_sessions_the_one_that_ends_first_makes_room(home, clock):
    sessions = Sessions(home.sessions, clock)
    first = sessions.begin("ada")
    for _ in range(MOST_SESSIONS):
        clock.advance(1)
        last = sessions.begin("ada")
    assert len(sessions) == MOST_SESSIONS
    assert sessions.person_of(first.id) is None
    assert sessions.person_of(last.id) == "ada"


@pytest.mark.parametrize(
    "change",
    [
        {"use": "other"},
        {"iss": "somebody"},
        {"sid": 7},
        {"exp": "tomorrow"},
        {"sid": "unknown"},
        {"exp": None},
        {"jti": None},
    ],
)
def test_a_token_with_other_claims_is_nobodys_even_when_its_signature_is_right(home, keys, sign_in, change):
    key = home.signing_key.read_text().strip()
    claims = jwt.decode(
        sign_in.tokens.sign_in("ada").access_token, key, [ALGORITHM], options={"verify_exp": False}
    )
    changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
    assert keys.identify(jwt.encode(changed, key, ALGORITHM)) is None


def test_a_person_who_is_removed_is_signed_out_at_the_next_look(home, keys, sign_in, reported):
    pair = sign_in.tokens.sign_in("ada")
    remove_person(home.people, "ada")
    sign_in.watch.look()
    assert reported == []
    assert keys.identify(pair.access_token) is None
    assert len(sign_in.sessions) == 0
    assert refused(sign_in.tokens.sign_in, "ada").code == "AUTH_003"


def test_a_file_that_cannot_be_used_is_reported_once_and_what_was_known_stays(home, keys, sign_in, reported):
    watch = sign_in.watch
    home.known_keys.write_text("[]")
    home.known_keys.chmod(0o644)
    watch.look()
    watch.look()
    assert [error.code for error in reported] == ["BOT_006"]
    assert keys.identify(home.read_key.read_text().strip()) is not None
    home.known_keys.chmod(0o600)
    watch.look()
    home.known_keys.write_text("not JSON")
    watch.look()
    assert [error.code for error in reported] == ["BOT_006", "BOT_006"]


def test_who_was_just_added_signs_in_and_who_was_just_removed_does_not(home, sign_in):
    add_person(home.people, "bob", Role.READ, hash_password(PASSWORD), 0)
    assert sign_in.passwords.check("bob", PASSWORD).result(30) is True
    remove_person(home.people, "bob")
    assert sign_in.passwords.check("bob", PASSWORD).result(30) is False
    sign_in.passwords.stop()


def test_passwords_are_checked_one_after_the_other_and_the_queue_is_short(keys):
    go_on = threading.Event()
    passwords = Passwords(keys, lambda: go_on.wait() and None, queue=2)
    first, second = passwords.check("ada", PASSWORD), passwords.check("ada", "wrong")
    with pytest.raises(RetriableError) as full:
        passwords.check("ada", PASSWORD)
    assert full.value.code == "AUTH_004"
    assert full.value.context["retry_after_seconds"] >= 1
    go_on.set()
    assert (first.result(30), second.result(30)) == (True, False)
    assert passwords.check("nobody", PASSWORD).result(30) is False
    passwords.stop()


def test_a_session_of_somebody_else_is_not_guessed(sign_in):
    with pytest.raises(NonRetriableError):
        sign_in.sessions.rotate("unknown", "unknown")
    assert sign_in.tokens.revoke("a.b.c") is False
