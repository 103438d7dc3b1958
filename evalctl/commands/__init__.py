"""The commands, one module each: their arguments, messages and exit codes. Other modules do the work."""
