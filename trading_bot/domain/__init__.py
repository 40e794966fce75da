"""What trading means, as frozen data and pure functions: no I/O, no clock, no randomness, no logging."""
