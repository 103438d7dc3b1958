"""The AWS plane: one module is one stack is one Terraform state."""

from bindings.node import use_bundled_node

use_bundled_node()  # before any module here imports cdktf, which starts Node
