"""Applies an environment's unmodified Terraform to an emulated AWS on this machine, and verifies the account."""
