"""The job queue's users: what each may do, as the server's access rules, and examples for the pages."""

from dataclasses import dataclass

from environments.names import REDIS_APP_USER, REDIS_METRICS_USER, REDIS_QUEUE_KEY


@dataclass(frozen=True, kw_only=True)
class QueueUser:
    """A user and its access rules; `id` is its logical id in the CloudFormation stack."""

    id: str
    name: str
    access: str


# Everything on the platform's own keys and channels, including transactions and scripts, except
# commands that empty the store, read its configuration or show other clients. INFO is allowed
# for clients that request the version and memory, TIME for rate limits in scripts.
KEY_PREFIX = f"{REDIS_QUEUE_KEY.partition(':')[0]}:"
APPLICATION = QueueUser(
    id="User",
    name=REDIS_APP_USER,
    access=(
        f"on ~{KEY_PREFIX}* &{KEY_PREFIX}* -@all +@read +@write +@connection +@transaction +@pubsub "
        "+@scripting -@admin -@dangerous -function +info +time"
    ),
)

# What redis_exporter requests: the server's metrics, and the queue's length for any type of key. It
# reads no job. It is a user of its own so that the two passwords rotate independently.
METRICS = QueueUser(
    id="MetricsUser",
    name=REDIS_METRICS_USER,
    access=f"on ~{REDIS_QUEUE_KEY} -@all +info +ping +select +type +llen +xlen +zcard",
)

# Commands that docs/images.md shows; a test runs each as the application's user on a real server.
ALLOWED_EXAMPLES = (
    f"LPUSH {REDIS_QUEUE_KEY} job",
    f"BLMOVE {REDIS_QUEUE_KEY} {KEY_PREFIX}taken LEFT RIGHT 1",
    f"LLEN {REDIS_QUEUE_KEY}",
    f"SET {KEY_PREFIX}lock me NX EX 30",
    f"ZADD {KEY_PREFIX}later 1 job",
    f"XADD {KEY_PREFIX}stream * name value",
    f"PUBLISH {KEY_PREFIX}done job",
    f"EVAL 'return redis.call(\"GET\", KEYS[1])' 1 {KEY_PREFIX}lock",
    "SCAN 0",
    "INFO",
    "TIME",
    "CLIENT SETNAME worker",
)
REFUSED_EXAMPLES = (
    "GET other:key",
    f"COPY {KEY_PREFIX}lock other:lock",
    "PUBLISH other:channel job",
    f"PSUBSCRIBE {KEY_PREFIX}done.*",
    f"KEYS {KEY_PREFIX}*",
    f"SORT {REDIS_QUEUE_KEY}",
    "FLUSHDB",
    "CONFIG GET maxmemory",
    "CLIENT LIST",
    "CLUSTER INFO",
    "FUNCTION LIST",
    "ACL WHOAMI",
)
