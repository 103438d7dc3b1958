"""S3. The AWS SDK finds the credentials of EKS Pod Identity by itself."""

from typing import Any
from uuid import UUID

import boto3
from botocore.config import Config


def s3(region: str) -> Any:
    """The SDK's client; botocore has no types."""
    return boto3.client("s3", region, config=Config(connect_timeout=3, read_timeout=10))


def report_key(run_id: UUID, case_id: str) -> str:
    """The object with a case's answer, its scores and their reasons; the worker writes it, the API returns it."""
    return f"{run_id}/{case_id}.json"
