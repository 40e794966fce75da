"""Tickertape: a trading bot whose every fact is written down once and read everywhere."""
