"""Takes jobs from the queue, judges one case for each, and writes the results."""

import os

# DeepEval reads them when it is imported: no telemetry, no .env, no file outside /tmp.
os.environ |= {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "DEEPEVAL_CACHE_FOLDER": "/tmp/deepeval",
}
