"""A quarter of an hour of a bot, and what every record says of it at the end."""

from __future__ import annotations

from typing import Final

from alerts.cases.answers import VALUES
from alerts.cases.case import Answer, Course, always, level, rising, running

MOMENT: Final = 900
"""Seconds."""

_B: Final = 'bot="demo"'
_EUR: Final = f'{_B}, symbol="EUR/USD"'
_AAPL: Final = f'{_B}, symbol="AAPL/USD"'
_ORDER: Final = f'{_EUR}, side="buy", type="market"'
_SUMMARY: Final = f'{_B}, endpoint="/api/v1/summary", method="GET"'

WORLD: Final[dict[str, Course]] = {
    f"tradingbot_start_timestamp_seconds{{{_B}}}": always(0),
    f"tradingbot_heartbeat_timestamp_seconds{{{_B}}}": running(899, 100),
    f"tradingbot_runs_total{{{_B}}}": always(1),
    f"tradingbot_process_resident_memory_bytes{{{_B}}}": always(131_072_000),
    f'tradingbot_mode{{{_B}, mode="running"}}': always(1),
    f'tradingbot_mode{{{_B}, mode="paused"}}': always(0),
    f"tradingbot_last_decision_timestamp_seconds{{{_B}}}": running(870, 100),
    f"tradingbot_decisions_total{{{_B}}}": rising((0.5, 2000)),
    f'tradingbot_decision_duration_seconds_bucket{{{_B}, le="0.001"}}': rising((0.25, 2000)),
    f'tradingbot_decision_duration_seconds_bucket{{{_B}, le="0.1"}}': rising((0.375, 2000)),
    f'tradingbot_decision_duration_seconds_bucket{{{_B}, le="0.25"}}': rising((0.5, 2000)),
    f'tradingbot_decision_duration_seconds_bucket{{{_B}, le="+Inf"}}': rising((0.5, 2000)),
    f"tradingbot_account_daily_pnl_usd{{{_B}}}": always(-1250.5),
    f"tradingbot_account_equity_usd{{{_B}}}": always(98_750),
    f"tradingbot_account_cash_usd{{{_B}}}": always(90_000),
    f"tradingbot_account_realized_pnl_usd{{{_B}}}": always(-1000),
    f"tradingbot_account_unrealized_pnl_usd{{{_B}}}": always(-250),
    f"tradingbot_account_drawdown_ratio{{{_B}}}": always(0.025),
    f"tradingbot_account_gross_exposure_usd{{{_B}}}": always(8750),
    f'tradingbot_risk_limit_utilisation_ratio{{{_B}, limit="max_daily_loss"}}': always(0.25),
    f'tradingbot_risk_limit_utilisation_ratio{{{_B}, limit="max_drawdown"}}': always(0.125),
    f'tradingbot_risk_limit_utilisation_ratio{{{_B}, limit="max_gross_exposure"}}': always(0.5),
    f'tradingbot_risk_limit{{{_B}, limit="max_daily_loss"}}': always(5000),
    f"tradingbot_risk_daily_loss_warning{{{_B}}}": always(0),
    f"tradingbot_risk_anchors_known{{{_B}}}": always(1),
    f"tradingbot_risk_stuck_positions{{{_B}}}": always(1),
    f'tradingbot_breaker_open{{{_B}, breaker="max_daily_loss"}}': always(0),
    f"tradingbot_kill_switch_engaged{{{_B}}}": always(0),
    f"tradingbot_protective_missing{{{_EUR}}}": always(0),
    f'tradingbot_trades_total{{{_EUR}, result="won"}}': rising((0.0125, 2000)),
    f'tradingbot_trades_total{{{_EUR}, result="lost"}}': rising((0.0375, 2000)),
    f'tradingbot_fill_notional_total{{{_EUR}, side="buy"}}': rising((25, 2000)),
    f"tradingbot_orders_sent_total{{{_ORDER}}}": rising((0.05, 2000)),
    f'tradingbot_orders_total{{{_ORDER}, outcome="filled"}}': rising((0.0375, 2000)),
    f'tradingbot_orders_total{{{_ORDER}, outcome="rejected"}}': rising((0.0125, 2000)),
    f'tradingbot_fills_total{{{_EUR}, side="buy", liquidity="taker"}}': rising((0.0375, 2000)),
    f'tradingbot_risk_denials_total{{{_B}, limit="mode"}}': rising((0.025, 2000)),
    f"tradingbot_orders_open{{{_EUR}}}": always(2),
    f"tradingbot_orders_open{{{_AAPL}}}": always(1),
    f"tradingbot_orders_unknown{{{_EUR}}}": always(1),
    f"tradingbot_orders_unknown_overdue{{{_EUR}}}": always(1),
    f"tradingbot_orders_oldest_open_timestamp_seconds{{{_B}}}": always(840),
    f'tradingbot_order_ack_duration_seconds_bucket{{{_B}, type="market", le="0.5"}}': rising((0.0375, 2000)),
    f'tradingbot_order_ack_duration_seconds_bucket{{{_B}, type="market", le="1.0"}}': rising((0.0375, 2000)),
    f'tradingbot_order_ack_duration_seconds_bucket{{{_B}, type="market", le="2.5"}}': rising((0.05, 2000)),
    f'tradingbot_order_ack_duration_seconds_bucket{{{_B}, type="market", le="+Inf"}}': rising((0.05, 2000)),
    f'tradingbot_order_fill_duration_seconds_bucket{{{_B}, type="market", le="0.1"}}': rising((0.05, 2000)),
    f'tradingbot_order_fill_duration_seconds_bucket{{{_B}, type="market", le="+Inf"}}': rising((0.05, 2000)),
    f'tradingbot_order_slippage_bps_bucket{{{_B}, side="buy", le="1.0"}}': rising((0.025, 2000)),
    f'tradingbot_order_slippage_bps_bucket{{{_B}, side="buy", le="5.0"}}': rising((0.05, 2000)),
    f'tradingbot_order_slippage_bps_bucket{{{_B}, side="buy", le="+Inf"}}': rising((0.05, 2000)),
    f"tradingbot_market_session_open{{{_EUR}}}": always(1),
    f"tradingbot_market_session_open{{{_AAPL}}}": always(0),
    f"tradingbot_market_quote_age_seconds{{{_EUR}}}": level((1, 850), (7, 100)),
    f"tradingbot_market_quote_age_seconds{{{_AAPL}}}": always(50_000),
    f"tradingbot_market_bar_timestamp_seconds{{{_EUR}}}": always(870),
    f"tradingbot_market_bar_timestamp_seconds{{{_AAPL}}}": always(0),
    f"tradingbot_market_messages_total{{{_EUR}}}": rising((4, 2000)),
    f'tradingbot_feed_reconnects_total{{{_B}, stream="quotes"}}': rising((0.0125, 2000)),
    f"tradingbot_venue_rate_limit_used_ratio{{{_B}}}": always(0.25),
    f"tradingbot_clock_offset_seconds{{{_B}}}": always(-0.125),
    f'tradingbot_reconciliation_mismatches{{{_B}, subject="position"}}': always(1),
    f'tradingbot_reconciliation_mismatches{{{_B}, subject="balance"}}': always(2),
    f"tradingbot_reconciliation_timestamp_seconds{{{_B}}}": running(880, 100),
    f'tradingbot_errors_total{{{_B}, code="VENUE_001", severity="error"}}': rising((0.05, 2000)),
    f'tradingbot_errors_total{{{_B}, code="FEED_001", severity="warning"}}': rising((0.1, 2000)),
    f'tradingbot_errors_total{{{_B}, code="VENUE_002", severity="critical"}}': level((0, 600), (1, 600)),
    f"tradingbot_journal_size_bytes{{{_B}}}": rising((1024, 2000)),
    f"tradingbot_journal_disk_free_bytes{{{_B}}}": always(1_073_741_824),
    f'tradingbot_exporter_follow_lag_events{{{_B}, tape="journal"}}': always(3),
    f'tradingbot_exporter_follow_lag_events{{{_B}, tape="control"}}': always(1),
    f'tradingbot_telemetry_lag_events{{{_B}, tape="journal", signal="traces"}}': always(12),
    f'tradingbot_api_requests_total{{{_SUMMARY}, status="200"}}': rising((1.5, 2000)),
    f'tradingbot_api_requests_total{{{_SUMMARY}, status="500"}}': rising((0.5, 2000)),
    f'tradingbot_api_refusals_total{{{_B}, code="API_005"}}': rising((0.5, 2000)),
}

ANSWERS: Final = tuple(Answer(record=record, values=values) for record, values in VALUES.items())
