"""Strategies: market state in, stances out; nothing of orders."""
