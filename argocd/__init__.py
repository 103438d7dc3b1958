"""The delivery plane: what Argo CD is told to sync, and how."""

from bindings.node import use_bundled_node

use_bundled_node()  # before any module here imports cdk8s, which starts Node
