"""The commands: what each is given, says and exits with; the work is done elsewhere."""
