"""Development with previews enabled, as in docs/previews.md. No committed environment enables them."""

import dataclasses

from environments.dev import DEV
from environments.spec import Previews, Resources

PREVIEWS = Previews(
    repository_owner="your-organisation",
    repository_name="eval-apps",
    label="preview",
    max_age_hours=72,
    workers=2,
    worker_resources=Resources(
        cpu_request_millicores=500,
        cpu_limit_millicores=1000,
        memory_request_mib=1024,
        memory_limit_mib=1024,
    ),
    orchestrator_resources=Resources(
        cpu_request_millicores=250,
        cpu_limit_millicores=500,
        memory_request_mib=512,
        memory_limit_mib=512,
    ),
)
PREVIEWED = dataclasses.replace(DEV, previews=PREVIEWS)
