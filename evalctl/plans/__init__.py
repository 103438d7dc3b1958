"""Terraform plans: made, read, guarded, summarized, and applied once they are approved."""
