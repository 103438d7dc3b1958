"""Commands that measure; run them with `make bench`."""
