from __future__ import annotations

import pytest

from exporter.ops.access.keys import KeyRing, presented_key
from trading_bot.boot.home import Home
from trading_bot.boot.roles import Role
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import OperatorError


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home").create()


def test_the_keys_of_the_home_and_of_the_environment_have_their_roles(home):
    ring = KeyRing.of_home(home, BootSettings(home=home.path, api_auth_token="an-operate-key-of-mine"))
    assert ring.identify(home.read_key.read_text().strip()).role is Role.READ
    assert ring.identify(home.operate_key.read_text().strip()).role is Role.OPERATE
    assert ring.identify("an-operate-key-of-mine").role is Role.OPERATE


@pytest.mark.parametrize("presented", ["", "wrong", "kéy-ü", "x" * 100_000])
def test_any_other_key_is_nobodys(home, presented):
    assert KeyRing.of_home(home, BootSettings(home=home.path)).identify(presented) is None


def test_only_hashes_are_kept(home):
    ring = KeyRing.of_home(home, BootSettings(home=home.path))
    assert home.read_key.read_text().strip() not in repr(vars(ring))


def test_a_key_file_that_others_may_read_is_refused(home):
    home.read_key.chmod(0o644)
    with pytest.raises(OperatorError) as refused:
        KeyRing.of_home(home, BootSettings(home=home.path))
    assert refused.value.code == "BOT_006"


@pytest.mark.parametrize(
    ("api_key", "authorization", "found"),
    [
        ("a", None, "a"),
        (None, "Bearer b", "b"),
        (None, "bearer   b ", "b"),
        ("a", "Bearer b", "a"),
        (None, "Basic b", None),
        (None, "Bearer ", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_key_comes_in_either_header(api_key, authorization, found):
    assert presented_key(api_key, authorization) == found
