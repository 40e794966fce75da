from __future__ import annotations

import threading

import pytest

from trading_bot.boot.access import (
    MOST_KEYS,
    StoredKey,
    StoredPerson,
    add_person,
    create_key,
    remove_person,
    revoke_key,
)
from trading_bot.boot.keys import hash_key
from trading_bot.boot.passwords import hash_password
from trading_bot.boot.private_files import load, store
from trading_bot.boot.roles import Role
from trading_bot.contract.errors import OperatorError


def refused(function, *arguments) -> str:
    with pytest.raises(OperatorError) as caught:
        function(*arguments)
    return caught.value.code


def test_of_a_key_the_hash_is_kept_and_nothing_else(tmp_path):
    path = tmp_path / "keys.json"
    made, key = create_key(path, "grafana", Role.READ, 7)
    (kept,) = load(path, StoredKey)
    assert kept == made
    assert hash_key(key) == kept.hashed
    assert key not in path.read_text()
    assert len(key) >= 43
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_is_revoked_by_its_name_or_its_id(tmp_path):
    path = tmp_path / "keys.json"
    first, _ = create_key(path, "one", Role.READ, 0)
    create_key(path, "two", Role.OPERATE, 0)
    assert revoke_key(path, "two").name == "two"
    assert revoke_key(path, first.id).name == "one"
    assert load(path, StoredKey) == ()
    assert refused(revoke_key, path, "one") == "AUTH_005"


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 64, "ü", "a/b"])
def test_a_name_is_one_word(tmp_path, name):
    assert refused(create_key, tmp_path / "keys.json", name, Role.READ, 0) == "AUTH_005"


def test_a_name_is_given_once_and_keys_are_limited(tmp_path):
    path = tmp_path / "keys.json"
    kept = StoredKey(id="k", name="same", role="read", hashed="0" * 64, created_at=0)
    store(path, (kept,))
    assert refused(create_key, path, "same", Role.READ, 0) == "AUTH_005"
    store(path, (kept,) * MOST_KEYS)
    assert refused(create_key, path, "one-more", Role.READ, 0) == "AUTH_005"


def test_keys_that_are_made_at_once_are_all_there(tmp_path):
    path = tmp_path / "keys.json"
    threads = [
        threading.Thread(target=create_key, args=(path, f"k{number}", Role.READ, 0)) for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load(path, StoredKey)) == 12


def test_a_person_has_a_slow_hash_and_can_be_removed(tmp_path):
    path = tmp_path / "people.json"
    add_person(path, "ada", Role.OPERATE, hash_password("correct horse battery"), 0)
    (kept,) = load(path, StoredPerson)
    assert kept.hashed.startswith("$argon2id$")
    assert refused(add_person, path, "ada", Role.READ, "x", 0) == "AUTH_005"
    assert remove_person(path, "ada").name == "ada"
    assert refused(remove_person, path, "ada") == "AUTH_005"


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_a_password_is_neither_short_nor_endless(password):
    assert refused(hash_password, password) == "AUTH_005"


@pytest.mark.parametrize("content", ["", "{}", '[{"id": 1}]', "\xff"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    assert refused(load, path, StoredKey) == "BOT_006"
