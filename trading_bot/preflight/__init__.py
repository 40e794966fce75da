"""Before money is at stake: what the venue says about key, clock, rules and balances, and what to make of it."""
