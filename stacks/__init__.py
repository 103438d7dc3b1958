"""The AWS plane: each module is one stack with one Terraform state, except `app`, `aws` and `base`.

`app` orders the stacks, `aws` names the provider's classes, `base` is what every stack starts from.
`parts/` holds what stacks are made of.
"""

from bindings.kernel import use_one_process
from bindings.node import use_bundled_node

use_one_process()
use_bundled_node()  # before a module here imports cdktf, which starts Node
