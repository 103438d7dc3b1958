"""Development with previews enabled, as in docs/previews.md. No committed environment enables them."""

import dataclasses

from environments.dev import DEV
from environments.spec import Compute, Previews

PREVIEWS = Previews(
    repository_owner="your-organisation",
    repository_name="eval-apps",
    label="preview",
    max_age_hours=72,
    workers=2,
    worker_compute=Compute.of(
        cpu="500m", cpu_limit="1000m", memory="1024Mi", memory_limit="1024Mi"
    ),
    orchestrator_compute=Compute.of(
        cpu="250m", cpu_limit="500m", memory="512Mi", memory_limit="512Mi"
    ),
)
PREVIEWED = dataclasses.replace(DEV, previews=PREVIEWS)
