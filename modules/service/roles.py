"""Who the service is: the role of its code, and the role by which ECS starts it."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.common.place import Place
from modules.common.policies import Account, Conditions, document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.service.container import referenced_arns
from modules.service.links import ServiceLinks
from modules.storage import Storage
from settings.naming import Naming
from settings.service import ServiceSettings

_TASK = "service-task"
_EXECUTION = "service-execution"


def secret_readers(settings: ServiceSettings, names: Naming, account: Account) -> list[str]:
    """ARNs of the roles that the database secret must admit, known before the roles are made.

    The service reads it itself; ECS does where the settings hand the login out as environment variables.
    """
    purposes = [_TASK, _EXECUTION] if settings.injects_database_login else [_TASK]
    return [f"arn:{account.partition}:iam::{account.id}:role/{names.name(purpose)}" for purpose in purposes]


class ServiceRoles(Construct):
    """`task_arn` is what the code runs as, `execution_arn` what ECS pulls the image, writes the log and reads
    `secrets` with. A task must wait for `all`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        place: Place,
        log_group_arn: str,
        links: ServiceLinks,
    ) -> None:
        super().__init__(scope, id_)
        trust = service_trust("ecs-tasks.amazonaws.com", place.account, source_arns=[place.account.arn("ecs", "*")])
        task = IamRole(
            self,
            "task",
            name=place.names.name(_TASK),
            description="What the code of the service may do",
            assume_role_policy=trust,
        )
        execution = IamRole(
            self,
            "execution",
            name=place.names.name(_EXECUTION),
            description="What ECS does to start a task of the service",
            assume_role_policy=trust,
        )
        self.task_arn = task.arn
        self.execution_arn = execution.arn
        work = IamRolePolicy(
            self,
            "task-policy",
            name="work",
            role=task.id,
            policy=task_policy(
                settings,
                place.account,
                database_resource_id=links.database.cluster_resource_id,
                cache_connect_arns=links.cache.connect_arns,
                storage=links.storage,
                secret_arn=links.secret_arn,
                secret_key_arn=links.secret_key_arn,
            ),
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


def task_policy(
    settings: ServiceSettings,
    account: Account,
    *,
    database_resource_id: str,
    cache_connect_arns: Sequence[str],
    storage: Storage | None,
    secret_arn: str,
    secret_key_arn: str,
) -> str:
    """The application's secret, its Redis user, its files by their access points, and its database role."""
    statements = [
        statement("ReadDatabaseSecret", actions=["secretsmanager:GetSecretValue"], resources=[secret_arn]),
        statement(
            "DecryptDatabaseSecret",
            actions=["kms:Decrypt"],
            resources=[secret_key_arn],
            conditions=_through_secrets_manager(account, [secret_arn]),
        ),
        statement("ConnectToRedis", actions=["elasticache:Connect"], resources=list(cache_connect_arns)),
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
        user = account.arn("rds-db", f"dbuser:{database_resource_id}/{settings.database_iam_user}")
        statements.append(statement("ConnectToDatabase", actions=["rds-db:connect"], resources=[user]))
    return document(*statements)


def execution_policy(
    settings: ServiceSettings, account: Account, *, log_group_arn: str, secret_arn: str, secret_key_arn: str
) -> str:
    """The image, the log, and the secrets that the settings name, each with its key. An image of another registry than
    ECR must be public.
    """
    statements = [
        statement("WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log_group_arn}:*"])
    ]
    repository = settings.ecr_repository
    if repository is not None:
        arn = f"arn:{account.partition}:ecr:{repository.region}:{repository.account_id}:repository/{repository.name}"
        statements += [
            statement("LogInToRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            statement(
                "PullImage",
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=[arn],
            ),
        ]
    arns = list(referenced_arns(settings, secret_arn))
    if arns:
        statements.append(statement("ReadSecrets", actions=["secretsmanager:GetSecretValue"], resources=arns))
    keys = [*([secret_key_arn] if settings.injects_database_login else []), *settings.secret_key_arns]
    if arns and keys:
        statements.append(
            statement(
                "DecryptSecrets",
                actions=["kms:Decrypt"],
                resources=keys,
                conditions=_through_secrets_manager(account, arns),
            )
        )
    return document(*statements)


def _through_secrets_manager(account: Account, secret_arns: Sequence[str]) -> Conditions:
    """A key decrypts these secrets alone, and only through Secrets Manager."""
    return {
        "StringEquals": {
            "kms:EncryptionContext:SecretARN": list(secret_arns),
            "kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com",
        }
    }
