"""The command line; the only code that writes files or reads arguments."""
