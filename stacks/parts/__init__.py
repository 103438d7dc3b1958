"""What stacks are made of: constructs and IAM policies. A part imports no stack."""
