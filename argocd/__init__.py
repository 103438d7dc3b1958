"""The delivery plane: how Argo CD is installed, what it syncs, and in which order."""

from bindings.kernel import use_one_process
from bindings.node import use_bundled_node

use_one_process()
use_bundled_node()  # before any module here imports cdk8s, which starts Node
