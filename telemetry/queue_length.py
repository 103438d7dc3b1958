"""The length of the job queue, for boards and alerts, and the jobs that are not done, for the workers' autoscaler."""

from environments.names import REDIS_QUEUE_KEY, App

QUEUE_SERIES = f'redis_key_size{{key="{REDIS_QUEUE_KEY}"}}'

# Each exporter measures the same queue, so a sum would count a job once for each of them.
QUEUE_LENGTH = f"max({QUEUE_SERIES})"

# Those that wait, and those that a worker runs. Without workers there is no series of the second.
UNFINISHED_JOBS = (
    f'{QUEUE_LENGTH} + (sum(eval_jobs_in_progress{{job="{App.WORKER}"}}) or vector(0))'
)
