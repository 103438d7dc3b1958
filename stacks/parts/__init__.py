"""What stacks are made of: constructs and IAM policies that are no Terraform state of their own."""
