"""The simulated exchange: matching, durable books, Binance's wire protocol, faults."""
