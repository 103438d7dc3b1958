"""Programs of Pulumi and AWS CDK that declare what rendered/ has; `make bench-peers` measures them."""
