"""The Kubernetes plane: one module is one app is one folder of manifests."""

from bindings.node import use_bundled_node

use_bundled_node()  # before any module here imports cdk8s, which starts Node
