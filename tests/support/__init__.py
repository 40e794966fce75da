"""What tests share: importable as `support` from every test."""
