"""Real market data that travels with the code: bars, their checks and their loader."""
