"""The bot: decides on bars, sends orders, keeps its books level with the venue's."""
