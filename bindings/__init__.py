"""How Python reaches cdktf and cdk8s: a supported Node and an AWS provider that loads in a second."""
