"""What was rendered for one environment, parsed once: values that know their file, their path and their line."""
