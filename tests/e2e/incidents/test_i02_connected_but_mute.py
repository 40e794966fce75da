"""I02: the socket was connected and mute; it was subscribed anew, and never recovered. Here data proves it."""

from __future__ import annotations

from collections.abc import Callable

from support.command import wait_until
from support.trading import Floor

from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, SymbolBlocked
from trading_bot.contract.events.market import BarClosed, FeedReconnected


def test_i02_a_mute_socket_is_replaced_and_counts_as_back_only_when_data_flows(floor: Callable[..., Floor]):
    here = floor(intervals={"stale_after_seconds": 1.5})
    here.start("run")
    ready = here.wait_for(BotReady.KIND)
    here.switch("mute_feed", on=True)
    blocked = here.wait_for(SymbolBlocked.KIND, after=ready.seq, reason="StaleFeed", blocked=True)

    def gave_up() -> bool:
        lost = [e.payload.error for e in here.events(ErrorRecorded.KIND, after=blocked.seq)]
        return {error.context["stream"] for error in lost if error.error_code == "FEED_002"} >= {
            "quotes",
            "bars",
        }

    assert wait_until(gave_up), "the mute sockets were not closed"
    assert not here.events(FeedReconnected.KIND, after=blocked.seq), "subscribed anew is not yet back"
    here.switch("mute_feed", on=False)
    back = here.wait_for(FeedReconnected.KIND, after=blocked.seq, stream="quotes")
    assert back.payload.outage_ns > 0
    here.wait_for(SymbolBlocked.KIND, after=blocked.seq, reason="StaleFeed", blocked=False)
    here.wait_for(BarClosed.KIND, after=back.seq)
