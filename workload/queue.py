"""The queue: Celery's application, and a plain Redis client that reads what Celery keeps there.

Every key and channel begins with the queue's prefix, Celery's own included, as the server's access rules
require. Each new connection reads user and password from the file again.
"""

from typing import Any

import httpx
import redis
from celery import Celery
from redis.credentials import CredentialProvider

from workload.settings import Settings, read_secret

TASK = "evaluate_case"  # its only argument is the job's id, which is also the message's id


class FileCredentials(CredentialProvider):
    """The user and the password of the URL that is in the file now."""

    def __init__(self) -> None:
        self._file = Settings().redis_url_file

    def get_credentials(self) -> tuple[str, str]:
        url = httpx.URL(read_secret(self._file))
        return url.username, url.password


def celery_app(settings: Settings, **transport_options: Any) -> Celery:
    """What both programs use; the worker adds its options of the transport."""
    # kombu makes the object by its name.
    credentials = f"{__name__}:{FileCredentials.__name__}"
    app = Celery("workload", broker=_url(settings, credential_provider=credentials))
    app.conf.update(
        broker_transport_options={
            "global_keyprefix": settings.queue_prefix,
            "socket_keepalive": True,
            **transport_options,
        },
        broker_connection_retry_on_startup=True,
        task_default_queue=settings.queue_name,
        task_ignore_result=True,
        # It subscribes to patterns, which the server refuses.
        worker_enable_remote_control=False,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app


def redis_client(settings: Settings) -> redis.Redis:
    return redis.Redis.from_url(
        _url(settings),
        credential_provider=FileCredentials(),
        socket_timeout=5,
        socket_connect_timeout=2,
    )


def _url(settings: Settings, **query: str) -> str:
    """The file's URL, whose user and password come from `FileCredentials` instead."""
    url = httpx.URL(read_secret(settings.redis_url_file)).copy_with(userinfo=b"")
    if url.scheme == "rediss":
        query["ssl_cert_reqs"] = "required"  # kombu requires the choice
    return str(url.copy_merge_params(query))
