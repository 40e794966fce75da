"""Exchanges: the port that the engine speaks to, and its implementations."""
