"""ccxt is loaded exchange by exchange, and is the same to whoever uses it."""

from __future__ import annotations

import json
import subprocess
import sys

LAZY = "from trading_bot.venues.lazy_ccxt import load; pro = load(); client = pro.binance"
WHOLE = "import ccxt.pro as pro; client = pro.binance"
BUILT_OTHERWISE = (
    "from trading_bot.venues import lazy_ccxt; lazy_ccxt.OWN = frozenset(); "
    "pro = lazy_ccxt.load(); client = pro.binance"
)
TELL = """
import json, sys, ccxt
loaded = sorted(name for name in sys.modules if name.startswith("ccxt.") and name.count(".") < 3)
line = [[one.__name__, one.__module__] for one in client.__mro__]
errors = sorted(name for name in vars(ccxt) if isinstance(getattr(ccxt, name), type) and
                issubclass(getattr(ccxt, name), ccxt.BaseError))
later = [repr(ccxt.kraken), repr(ccxt.async_support.binanceus.__mro__), repr(pro.binanceus.__mro__)]
lists = [ccxt.exchanges, ccxt.async_support.exchanges, pro.exchanges]
print(json.dumps([loaded, [line, errors, lists, later, hasattr(pro, "nobody")]]))
"""


def told(way: str) -> tuple[list[str], list[object]]:
    ended = subprocess.run([sys.executable, "-c", way + TELL], capture_output=True, text=True, check=True)
    loaded, told = json.loads(ended.stdout)
    return loaded, told


def test_one_exchange_is_loaded_and_the_others_are_there_when_they_are_asked_for():
    loaded, lazy = told(LAZY)
    assert [name for name in loaded if "binance" in name] == [
        "ccxt.abstract.binance",
        "ccxt.async_support.binance",
        "ccxt.pro.binance",
    ]
    assert not [name for name in loaded if "kraken" in name or "okx" in name]
    everything, whole = told(f"{WHOLE}\nbefore = pro\n{LAZY}\nassert pro is before  # it stays as it is\n")
    assert len(everything) > 3 * len(loaded)
    assert lazy == whole


def test_a_release_of_ccxt_that_is_built_otherwise_is_loaded_whole():
    assert told(BUILT_OTHERWISE) == told(WHOLE)
