"""Who may speak for the account."""

from __future__ import annotations

import pytest

from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.signatures import (
    Credentials,
    check_key,
    check_signature,
    check_time,
    split_signature,
)

# The example of Binance's own documentation.
KEYS = Credentials(
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
)
PAYLOAD = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
    "&timestamp=1499827319559"
)
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
NOW = 1_499_827_319_559


def code(check, *arguments) -> int:
    with pytest.raises(Refusal) as caught:
        check(*arguments)
    return caught.value.code


def test_the_example_of_the_documentation_is_accepted():
    assert check_signature(KEYS, PAYLOAD, SIGNATURE) is None  # or it is a refusal
    assert check_key(KEYS, KEYS.api_key) is None


def test_a_payload_that_was_changed_is_refused():
    assert code(check_signature, KEYS, PAYLOAD.replace("quantity=1", "quantity=2"), SIGNATURE) == -1022
    assert code(check_signature, KEYS, PAYLOAD, "é") == -1022
    assert code(check_signature, KEYS, PAYLOAD, None) == -1102


def test_a_missing_key_and_a_wrong_one_are_told_apart():
    assert code(check_key, KEYS, None) == -2014
    assert code(check_key, KEYS, "somebody else's") == -2015


@pytest.mark.parametrize(
    ("age", "window", "expected"),
    [
        (0, None, None),
        (5_000, None, None),
        (5_001, None, -1021),
        (-999, None, None),
        (-1_000, None, -1021),
        (9_000, "10000", None),
        (11_000, "10000", -1021),
        (0, "60001", -1131),
        (0, "x", -1102),
    ],
)
def test_a_request_counts_from_a_second_ahead_until_its_window_is_over(age, window, expected):
    parameters = {"timestamp": str(NOW - age)} | ({"recvWindow": window} if window else {})
    if expected is None:
        check_time(parameters, NOW * 1_000_000)
    else:
        assert code(check_time, parameters, NOW * 1_000_000) == expected


def test_a_request_without_a_time_is_refused():
    assert code(check_time, {}, NOW * 1_000_000) == -1102


def test_the_signature_is_taken_out_of_the_payload_wherever_it_stands():
    assert split_signature("a=1&signature=ff&b=2") == ("a=1&b=2", "ff")
    assert split_signature("a=1&b=2") == ("a=1&b=2", None)


def test_keys_are_not_shown_when_printed():
    assert KEYS.secret not in repr(KEYS)
