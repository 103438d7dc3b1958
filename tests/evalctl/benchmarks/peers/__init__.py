"""The programs of Pulumi and AWS CDK beside which a render is measured."""
