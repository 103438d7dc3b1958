"""Terraform plans: made, read, guarded, summarized, and applied when they are approved."""
