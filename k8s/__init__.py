"""The Kubernetes plane: one module per app, the previews of pull requests, and their parts.

Each app has one folder of manifests, which one Argo CD Application syncs.
"""

from bindings.kernel import use_one_process
from bindings.node import use_bundled_node

use_one_process()
use_bundled_node()  # before any module here imports cdk8s, which starts Node
