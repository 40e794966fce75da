"""Errors of the exchange: its answers and its clock."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    HaltError,
    NonRetriableError,
    OperatorError,
    ReduceOnlyError,
    Remediation,
    RetriableError,
    Severity,
)

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="VENUE_001",
        title="Venue not reachable",
        consequence=RetriableError,
        severity=Severity.ERROR,
        cause="No connection, or no answer in time, from the venue.",
        impact="It is tried again with back-off; no new order is sent meanwhile.",
        remediation=(Remediation("Look at the venue's status and the network path"),),
    ),
    ErrorDefinition(
        code="VENUE_002",
        title="Venue refused the credentials",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The key is unknown, has no permission to trade, or the signature is wrong.",
        impact="The bot cannot trade or read its balances.",
        remediation=(Remediation("Check BOT_VENUE__API_KEY_FILE and BOT_VENUE__SECRET_FILE"),),
    ),
    ErrorDefinition(
        code="VENUE_003",
        title="Rate limit reached",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The venue answered that too many requests were made.",
        impact="Requests wait as long as the venue asked.",
        remediation=(Remediation("Look for a loop that asks too often"),),
    ),
    ErrorDefinition(
        code="VENUE_004",
        title="Banned by the venue",
        consequence=HaltError,
        severity=Severity.CRITICAL,
        cause="The venue bans this address or key for ignoring its rate limit.",
        impact="Nothing can be sent until the ban ends.",
        remediation=(Remediation("Stop the bot and find what asked too often", command="tickertape halt"),),
    ),
    ErrorDefinition(
        code="VENUE_005",
        title="Clock differs from the venue's",
        consequence=ReduceOnlyError,
        severity=Severity.ERROR,
        cause="This machine's clock and the venue's differ by more than max_clock_offset_ms.",
        impact="Signed requests may be refused; only cancels and closes are sent.",
        remediation=(Remediation("Synchronise the clock (chrony or systemd-timesyncd)"),),
    ),
    ErrorDefinition(
        code="VENUE_006",
        title="Venue in maintenance",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The venue announced that it is not serving.",
        impact="It is tried again; no new order is sent meanwhile.",
        remediation=(Remediation("Look at the venue's announcements"),),
    ),
    ErrorDefinition(
        code="VENUE_007",
        title="Answer cannot be decoded",
        consequence=RetriableError,
        severity=Severity.ERROR,
        cause="The venue's answer was not what its protocol promises.",
        impact="A read is tried again; an order counts as unknown.",
        remediation=(Remediation("Look at the first characters of the answer in the context"),),
    ),
    ErrorDefinition(
        code="VENUE_008",
        title="Symbol cannot be traded here",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The symbol is not listed at the venue as a spot market, or not quoted in the account's currency.",
        impact="It is blocked (NotListed) and takes no orders; the other symbols trade. Where none is listed,"
        " the bot is not ready.",
        remediation=(
            Remediation(
                "Correct symbols in config.yaml, or take it out; what is held of it stays at the venue"
            ),
        ),
    ),
    ErrorDefinition(
        code="VENUE_009",
        title="Invalid request to the venue",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The venue says that the request itself was wrong.",
        impact="The request is over; nothing was traded.",
        remediation=(Remediation("Report it with the line from the log"),),
    ),
    ErrorDefinition(
        code="VENUE_010",
        title="Venue does not serve this account",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The account is suspended or not enabled, something must be confirmed at the venue,"
        " or the venue does not serve this place.",
        impact="The bot cannot trade or read its balances.",
        remediation=(Remediation("Log in at the venue and read what it asks for"),),
    ),
    ErrorDefinition(
        code="VENUE_011",
        title="Exchange not known",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The name is not one of ccxt's exchange ids, or that exchange lacks what the bot needs.",
        impact="The bot did not start.",
        remediation=(Remediation("Set BOT_VENUE__NAME to an exchange id of ccxt, such as binance"),),
    ),
    ErrorDefinition(
        code="VENUE_012",
        title="Symbol is halted",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The venue lists the symbol, and does not trade it at present.",
        impact="Its orders would be refused and no quotes come, so it is blocked as stale; the other symbols trade.",
        remediation=(
            Remediation("Nothing, if the venue has halted it for a while: it goes on by itself"),
            Remediation("Take it out of symbols, if it is delisted"),
        ),
    ),
)
