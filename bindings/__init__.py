"""What the planes build with: Node for jsii, the trimmed AWS provider, custom resources, and YAML."""
