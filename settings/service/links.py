"""What tasks have besides database, cache and files: egress, permissions, queues, buckets, volumes, sidecars."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from settings.base import Settings, described
from settings.service.values import ContainerPath, EnvironmentVariable, Image, LinkName

_WORLD = {"cidr": "0.0.0.0/0", "port": 443}


class OutboundRule(Settings):
    """One destination outside the VPC (TCP): a CIDR block, or a prefix list of this account or of AWS."""

    cidr: Annotated[
        str | None, described("an IPv4 block, e.g. 203.0.113.0/24", r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$")
    ] = None
    prefix_list: Annotated[
        str | None, described("the id of a prefix list, e.g. pl-0123456789abcdef0", r"^pl-[0-9a-f]{8,17}$")
    ] = None
    port: Annotated[int, Field(ge=1, le=65535, description="a TCP port, 1 to 65535")] = 443


def _outbound(value: Any) -> Any:
    """`"none"` and `"https"` stand for the rules they mean."""
    if isinstance(value, str):
        if value not in ("none", "https"):
            raise PydanticCustomError("outbound", "neither a word nor rules")
        return () if value == "none" else (_WORLD,)
    # pydantic accepts a list as a tuple only in JSON, and after this validator the value is no longer JSON.
    return tuple(value) if isinstance(value, list) else value


Outbound = Annotated[tuple[OutboundRule, ...], BeforeValidator(_outbound)]


class AllowSettings(Settings):
    """An additional permission of the tasks' roles. The security scan checks it with parliament."""

    actions: Annotated[
        tuple[
            Annotated[str, described("an action without wildcard, e.g. ses:SendEmail", r"^[a-z0-9-]+:[A-Za-z0-9]+$")],
            ...,
        ],
        Field(min_length=1, description="one or more actions without wildcard, e.g. ses:SendEmail"),
    ]
    resources: Annotated[
        tuple[
            Annotated[
                str,
                described(
                    "a complete ARN, which may end with /* but has no other wildcard",
                    r"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[^*?\s$]+(/\*)?$",
                ),
            ],
            ...,
        ],
        Field(min_length=1, description="one or more complete ARNs, which may end with /* but have no other wildcard"),
    ]


class QueueSettings(Settings):
    """An SQS queue that the tasks send to, with a dead-letter queue and its own key.

    A message that was received `max_receives` times without being deleted goes to the dead-letter queue, which keeps
    it for 14 days, the most that SQS allows:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """

    visibility_timeout_seconds: Annotated[
        int,
        Field(ge=0, le=43_200, description="seconds before an unfinished message is delivered again, 0 to 43200"),
    ] = 60
    retention_days: Annotated[
        int, Field(ge=1, le=14, description="days before an unprocessed message is deleted, 1 to 14")
    ] = 4
    max_receives: Annotated[
        int,
        Field(ge=1, le=1000, description="deliveries of a message before it moves to the dead-letter queue, 1 to 1000"),
    ] = 5
    oldest_message_minutes: Annotated[
        int, Field(ge=1, le=20_160, description="age of the oldest message at which an alarm fires, 1 to 20160 minutes")
    ] = 15


class BucketSettings(Settings):
    """A private S3 bucket that the tasks read and write, versioned, with its own key."""

    noncurrent_version_days: Annotated[
        int, Field(ge=1, le=3650, description="days for which overwritten and deleted objects are kept, 1 to 3650")
    ] = 30
    expire_after_days: Annotated[
        int | None,
        Field(ge=1, le=3650, description="days after which objects are deleted, 1 to 3650; absent means never"),
    ] = None


class VolumeSettings(Settings):
    """An encrypted EBS volume for every task; empty when the task starts, deleted when it stops."""

    path: ContainerPath
    size_gb: Annotated[int, Field(ge=1, le=16_384, description="size of the gp3 volume, 1 to 16384 GiB")]


# Defaults of a preset. AWS's OpenTelemetry collector contains configurations. This one receives traces with OTLP and
# sends them to X-Ray, for which the tasks' roles have permissions. The collector's default configuration also writes
# metrics to a log group, for which they have none.
# https://github.com/aws-observability/aws-otel-collector/blob/main/config/ecs/ecs-xray.yaml
_PRESETS: dict[str, dict[str, Any]] = {
    "adot": {"name": "adot", "command": ("--config=/etc/ecs/ecs-xray.yaml",)},
}


class SidecarSettings(Settings):
    """An additional container in every task, with the same restrictions. It shares the task size, role and network."""

    preset: Literal["adot"] | None = Field(
        default=None,
        description='"adot" sets name and command for the AWS OpenTelemetry collector; absent means that you set them',
    )
    name: LinkName
    image: Image
    command: tuple[str, ...] = Field(default=(), description="the sidecar's command; empty means the image's own")
    environment: dict[EnvironmentVariable, str] = Field(
        default={}, description="environment variables and their values; must not contain secrets"
    )
    essential: bool = Field(default=False, description="true or false: the task stops when this container stops")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        preset = _PRESETS.get(str(values.get("preset")), {})
        return preset | {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
