"""The length of the job queue: one definition for boards, alerts and the workers' autoscaler."""

from environments.names import REDIS_QUEUE_KEY

QUEUE_SERIES = f'redis_key_size{{key="{REDIS_QUEUE_KEY}"}}'

# Each exporter measures the same queue, so a sum would count a job once for each of them.
QUEUE_LENGTH = f"max({QUEUE_SERIES})"
