"""Every expression of the boards, by subject."""
