"""The task role (of the code) and the execution role (with which ECS starts a task)."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.common.place import Place
from modules.common.policies import Account, Conditions, document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from modules.queue import Queue
from modules.service.container import referenced_arns
from modules.service.links import ServiceLinks
from settings.naming import Naming
from settings.service import ServiceSettings, ecr_repository

# X-Ray supports no resources in policies:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
_TRACING = ("xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments")
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions
_SHELL = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


def secret_readers(
    settings: ServiceSettings, names: Naming, account: Account, purposes: Sequence[str] = ("service",)
) -> list[str]:
    """ARNs of the roles that must be able to read the database secret, known before the roles are created.

    The code reads the secret itself. ECS reads it if the settings pass credentials in environment variables. `purposes`
    are those of the service, the workers and the jobs.
    """
    kinds = ("task", "execution") if settings.injects_database_login else ("task",)
    return [
        f"arn:{account.partition}:iam::{account.id}:role/{names.name(f'{purpose}-{kind}')}"
        for purpose in purposes
        for kind in kinds
    ]


class ServiceRoles(Construct):
    """`task_arn` is the role of the code. With `execution_arn` ECS pulls the image, writes the log and reads `secrets`.

    A task must depend on `all`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        place: Place,
        purpose: str,
        log_group_arn: str,
        links: ServiceLinks,
        consumes: Queue | None,
    ) -> None:
        super().__init__(scope, id_)
        trust = service_trust("ecs-tasks.amazonaws.com", place.account, source_arns=[place.account.arn("ecs", "*")])
        task = platform_role(
            self,
            "task",
            names=place.names,
            account=place.account,
            purpose=f"{purpose}-task",
            description=f"What the code of the {_title(purpose)} may do",
            trust=trust,
        )
        execution = platform_role(
            self,
            "execution",
            names=place.names,
            account=place.account,
            purpose=f"{purpose}-execution",
            description=f"What ECS does to start a task of the {_title(purpose)}",
            trust=trust,
        )
        self.task_arn = task.arn
        self.execution_arn = execution.arn
        work = IamRolePolicy(
            self,
            "task-policy",
            name="work",
            role=task.id,
            policy=task_policy(settings, place, links=links, consumes=consumes),
        )
        start = IamRolePolicy(
            self,
            "execution-policy",
            name="start",
            role=execution.id,
            policy=execution_policy(
                settings,
                place.account,
                log_group_arn=log_group_arn,
                secret_arn=links.secret_arn,
                secret_key_arn=links.secret_key_arn,
            ),
        )
        no_other_policies(self, "task", role=task, policies=[work])
        no_other_policies(self, "execution", role=execution, policies=[start])
        self.all: tuple[ITerraformDependable, ...] = (work, start)


def _title(purpose: str) -> str:
    """`worker mail` of `worker-mail`."""
    return purpose.replace("-", " ", 1)


def task_policy(settings: ServiceSettings, place: Place, *, links: ServiceLinks, consumes: Queue | None) -> str:
    """The application's secret, Redis, files through access points, database role, queues, buckets, `service.allow`."""
    account, storage = place.account, links.storage
    statements = [
        statement("ReadDatabaseSecret", actions=["secretsmanager:GetSecretValue"], resources=[links.secret_arn]),
        statement(
            "DecryptDatabaseSecret",
            actions=["kms:Decrypt"],
            resources=[links.secret_key_arn],
            conditions=_through_secrets_manager(account, [links.secret_arn]),
        ),
        statement("ConnectToRedis", actions=["elasticache:Connect"], resources=list(links.cache.connect_arns)),
    ]
    if storage is not None and settings.mounts:
        statements.append(
            statement(
                "MountFiles",
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[storage.file_system_arn],
                conditions={
                    "ArnEquals": {
                        "elasticfilesystem:AccessPointArn": [
                            storage.access_point_arns[name] for name in sorted(settings.mounts)
                        ]
                    }
                },
            )
        )
    if settings.database_iam_user is not None:
        user = account.arn("rds-db", f"dbuser:{links.database.cluster_resource_id}/{settings.database_iam_user}")
        statements.append(statement("ConnectToDatabase", actions=["rds-db:connect"], resources=[user]))
    statements += _of_queues_and_buckets(account, links, consumes)
    if settings.tracing:
        statements.append(statement("Trace", actions=_TRACING, resources=["*"]))
    if settings.exec:
        statements += _of_shells(account, place.names.path("exec"))
    for number, allowed in enumerate(settings.allow, start=1):
        statements.append(statement(f"Allowed{number}", actions=allowed.actions, resources=allowed.resources))
    return document(*statements)


def _of_queues_and_buckets(account: Account, links: ServiceLinks, consumes: Queue | None) -> list[dict[str, object]]:
    """Send to every queue, receive from the consumed one, read and write every bucket; each with its key."""
    statements, queues, buckets = [], list(links.queues.values()), list(links.buckets.values())
    if queues:
        statements.append(
            statement(
                "SendMessages",
                actions=["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"],
                resources=[queue.arn for queue in queues],
            )
        )
    if consumes is not None:
        statements.append(
            statement(
                "TakeMessages",
                actions=["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
                resources=[consumes.arn],
            )
        )
    if buckets:
        statements += [
            statement("ListBuckets", actions=["s3:ListBucket"], resources=[bucket.arn for bucket in buckets]),
            statement(
                "UseObjects",
                actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                resources=[f"{bucket.arn}/*" for bucket in buckets],
            ),
        ]
    for sid, service, keys in (
        ("KeysOfQueues", "sqs", [queue.key_arn for queue in queues]),
        ("KeysOfBuckets", "s3", [bucket.key_arn for bucket in buckets]),
    ):
        if keys:
            via = {"StringEquals": {"kms:ViaService": f"{service}.{account.region}.amazonaws.com"}}
            statements.append(
                statement(sid, actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=keys, conditions=via)
            )
    return statements


def _of_shells(account: Account, log_group_name: str) -> list[dict[str, object]]:
    """What the agent of ECS Exec needs in the task: its channels, and the log of the sessions."""
    group = account.arn("logs", f"log-group:{log_group_name}")
    return [
        statement("Shell", actions=_SHELL, resources=["*"]),
        statement("FindShellLog", actions=["logs:DescribeLogGroups"], resources=["*"]),
        statement(
            "WriteShellLog",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[f"{group}:*"],
        ),
    ]


def execution_policy(
    settings: ServiceSettings, account: Account, *, log_group_arn: str, secret_arn: str, secret_key_arn: str
) -> str:
    """Access to the image, the log, and the secrets in the settings, each with its key. An image outside ECR must be
    public.
    """
    statements = [
        statement("WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log_group_arn}:*"])
    ]
    images = (settings.image, *(sidecar.image for sidecar in settings.sidecars))
    arns = sorted(
        {
            f"arn:{account.partition}:ecr:{found.region}:{found.account_id}:repository/{found.name}"
            for found in map(ecr_repository, images)
            if found is not None
        }
    )
    if arns:
        statements += [
            statement("LogInToRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            statement(
                "PullImage",
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=arns,
            ),
        ]
    secrets = list(referenced_arns(settings, secret_arn))
    if secrets:
        statements.append(statement("ReadSecrets", actions=["secretsmanager:GetSecretValue"], resources=secrets))
    keys = [*([secret_key_arn] if settings.injects_database_login else []), *settings.secret_key_arns]
    if secrets and keys:
        statements.append(
            statement(
                "DecryptSecrets",
                actions=["kms:Decrypt"],
                resources=keys,
                conditions=_through_secrets_manager(account, secrets),
            )
        )
    return document(*statements)


def _through_secrets_manager(account: Account, secret_arns: Sequence[str]) -> Conditions:
    """A key may decrypt only these secrets, and only through Secrets Manager."""
    return {
        "StringEquals": {
            "kms:EncryptionContext:SecretARN": list(secret_arns),
            "kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com",
        }
    }
