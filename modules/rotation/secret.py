"""The application's database secret: who may read it, and the version that Terraform writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_policy import SecretsmanagerSecretPolicy
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from modules.common.policies import Account, Conditions, document, statement
from modules.database import Database
from settings.naming import Naming
from settings.rotation import RotationSettings

# A staging label that rotations do not move: AWS may delete versions without a label.
BOOTSTRAP_STAGE = "BOOTSTRAP"


class ApplicationSecret(Construct):
    """A secret with one version, which has connection details and no password: the first rotation sets one.

    That version keeps its own staging label. AWS may delete versions without a label; Terraform would then recreate it
    as AWSCURRENT and overwrite the live credentials (hashicorp/terraform-provider-aws #37302). `ignore_changes` alone
    does not prevent that.

    A rotation must depend on `policy` and `version`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: RotationSettings,
        protected: bool,
        names: Naming,
        database: Database,
        key_arn: str,
        reader_role_arns: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        secret = SecretsmanagerSecret(
            self,
            "secret",
            # Without the leading slash, so that the ARN does not contain ":/".
            name=names.path("database").removeprefix("/"),
            description="The application's database login; rotated, read it by its ARN",
            kms_key_id=key_arn,
            recovery_window_in_days=settings.recovery_window_days,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        self.arn = secret.arn
        self.facts = connection_facts(settings, database)
        self.version = SecretsmanagerSecretVersion(
            self,
            "bootstrap",
            secret_id=secret.id,
            secret_string=json.dumps(self.facts),
            version_stages=["AWSCURRENT", BOOTSTRAP_STAGE],
            lifecycle=TerraformResourceLifecycle(ignore_changes=["secret_string", "version_stages"]),
        )
        readers = [*reader_role_arns, *settings.consumer_role_arns]
        if settings.break_glass_role_arn is not None:
            readers.append(settings.break_glass_role_arn)
        self.policy = SecretsmanagerSecretPolicy(
            self,
            "policy",
            secret_arn=secret.arn,
            policy=reading_policy(
                secret.arn,
                readers=readers,
                deployers=settings.deploy_role_arns,
                bootstrap_version_id=self.version.version_id,
            ),
            block_public_policy=True,
        )


class MasterSecretPolicy(Construct):
    """The policy of the master user's secret, which RDS owns.

    Only the rotation function, RDS itself and, in an emergency, `break_glass_role_arn` may read it. Otherwise the
    deploy role could, with its permissions for Secrets Manager.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: RotationSettings,
        account: Account,
        secret_arn: str,
        reader_role_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        readers = [reader_role_arn, *([settings.break_glass_role_arn] if settings.break_glass_role_arn else [])]
        self.policy = SecretsmanagerSecretPolicy(
            self,
            "policy",
            secret_arn=secret_arn,
            policy=master_reading_policy(secret_arn, readers=readers, account=account),
            block_public_policy=True,
        )


def master_reading_policy(secret_arn: str, *, readers: Sequence[str], account: Account) -> str:
    """Denies the value to everybody except `readers` and RDS, which rotates it as a service or with its own role.

    A service has no `aws:PrincipalArn`, so without the second condition RDS would be denied too:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
    """
    of_rds = f"arn:{account.partition}:iam::{account.id}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    return document(
        _deny_reading(
            "DenyReadingButByReaders",
            secret_arn,
            {
                "ArnNotEquals": {"aws:PrincipalArn": [*readers, of_rds]},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            },
        )
    )


def _deny_reading(sid: str, secret_arn: str, conditions: Conditions) -> dict[str, object]:
    return statement(
        sid,
        effect="Deny",
        principals="*",
        actions=["secretsmanager:GetSecretValue"],
        resources=[secret_arn],
        conditions=conditions,
    )


def connection_facts(settings: RotationSettings, database: Database) -> dict[str, object]:
    """The database's address and the users that rotate, in the format of docs/rotation.md. No password."""
    facts: dict[str, object] = {
        "engine": "aurora-postgresql",
        "host": database.writer_endpoint,
        "port": database.port,
        "dbname": database.name,
        "masterarn": database.master_secret_arn,
    }
    if settings.strategy == "single":
        return {**facts, "username": settings.role_name}
    return {**facts, "role": settings.role_name, "usernames": list(settings.usernames)}


def reading_policy(
    secret_arn: str, *, readers: Sequence[str], deployers: Sequence[str], bootstrap_version_id: str
) -> str:
    """Denies the value to everybody except `readers`, whatever IAM allows.

    Terraform reads the bootstrap version, by its id, at every refresh. It contains no password, so for this version
    only IAM decides; if `deployers` are set, only they and the readers may read it. Without `deployers`, a deployment
    works with every role that IAM allows, and a typing error in a role name cannot lock anybody out.
    """
    statements = [
        _deny_reading(
            "DenyReadingButByReaders",
            secret_arn,
            {
                "ArnNotEquals": {"aws:PrincipalArn": list(readers)},
                "StringNotEquals": {"secretsmanager:VersionId": bootstrap_version_id},
            },
        )
    ]
    if deployers:
        statements.append(
            _deny_reading(
                "DenyBootstrapVersionButToDeployers",
                secret_arn,
                {"ArnNotEquals": {"aws:PrincipalArn": [*readers, *deployers]}},
            )
        )
    return document(*statements)
