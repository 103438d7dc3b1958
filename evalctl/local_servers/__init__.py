"""The platform's stores and providers on loopback: one block for each, with its address and its files."""
