"""Errors of processes, the home folder and boot settings."""

from __future__ import annotations

from trading_bot.contract.errors.definition import ErrorDefinition

DEFINITIONS: tuple[ErrorDefinition, ...] = ()
