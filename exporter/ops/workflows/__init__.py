"""Workflows: routine work that proves its effect and survives a crash."""
