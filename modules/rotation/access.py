"""What the rotation function needs for one secret: permissions and security group rules."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from constructs import Construct

from modules.common.policies import Account, document, statement
from modules.common.role_policies import no_other_inline_policies
from modules.common.security_groups import open_port
from modules.database import Database
from modules.rotation.function import RotationFunction
from settings.network import NetworkSettings

# The services that the function calls. Logs and traces are sent by Lambda, from outside the VPC.
_CALLED = frozenset({"secretsmanager", "monitoring"})
_HTTPS = 443


class RotationPermissions(Construct):
    """The function's role may read and write the secret and read the master's; Secrets Manager may call the function.

    A rotation must depend on `all`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        function: RotationFunction,
        account: Account,
        database: Database,
        data_key_arn: str,
        secret_arn: str,
        secret_key_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        policy = IamRolePolicy(
            self,
            "policy",
            name="rotate",
            role=function.role_name,
            policy=rotation_policy(
                account,
                function_arn=function.arn,
                secret_arn=secret_arn,
                secret_key_arn=secret_key_arn,
                master_secret_arn=database.master_secret_arn,
                data_key_arn=data_key_arn,
            ),
        )
        no_other_inline_policies(
            self, "role", role_name=function.role_name, names=[*function.inline_policies, policy.name]
        )
        permission = LambdaPermission(
            self,
            "permission",
            statement_id="secrets-manager",
            action="lambda:InvokeFunction",
            function_name=function.name,
            principal="secretsmanager.amazonaws.com",
            source_account=account.id,
        )
        self.all: tuple[ITerraformDependable, ...] = (policy, permission)


class RotationPath(Construct):
    """Rules from the function to the database and to AWS: through the interface endpoints, and through NAT to services
    without one. A rotation must depend on `all`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: NetworkSettings,
        function_group_id: str,
        database: Database,
        endpoint_group_id: str | None,
    ) -> None:
        super().__init__(scope, id_)
        self._function_group_id = function_group_id
        rules: list[ITerraformDependable] = [*self._rules("database", database.security_group_id, database.port)]
        if endpoint_group_id is not None:
            rules += self._rules("endpoints", endpoint_group_id, _HTTPS)
        if settings.nat != "none" and not set(settings.interface_endpoints) >= _CALLED:
            rules.append(
                VpcSecurityGroupEgressRule(
                    self,
                    "to-aws",
                    security_group_id=function_group_id,
                    description="Rotation function to AWS services through NAT",
                    cidr_ipv4="0.0.0.0/0",
                    ip_protocol="tcp",
                    from_port=_HTTPS,
                    to_port=_HTTPS,
                )
            )
        self.all = tuple(rules)

    def _rules(self, target: str, group_id: str, port: int) -> tuple[ITerraformDependable, ITerraformDependable]:
        """From the function's group to the target's group."""
        return open_port(
            self,
            port,
            ids=(f"to-{target}", f"into-{target}"),
            groups=(self._function_group_id, group_id),
            descriptions=(f"Rotation function to {target}", "From the rotation function"),
        )


def rotation_policy(
    account: Account,
    *,
    function_arn: str,
    secret_arn: str,
    secret_key_arn: str,
    master_secret_arn: str,
    data_key_arn: str,
) -> str:
    """The permissions to rotate one secret. The keys decrypt only these two secrets, and only through Secrets Manager.

    Writing requires that this function is the secret's rotation function. Reading has no such condition, because the
    preflight reads before the rotation is enabled.
    """

    def through_secrets_manager(arn: str) -> dict[str, dict[str, str]]:
        return {
            "StringEquals": {
                "kms:EncryptionContext:SecretARN": arn,
                "kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com",
            }
        }

    return document(
        statement(
            "ReadSecret",
            actions=["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            resources=[secret_arn],
        ),
        statement(
            "WriteSecret",
            actions=["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
            resources=[secret_arn],
            conditions={"ArnEquals": {"secretsmanager:resource/AllowRotationLambdaArn": function_arn}},
        ),
        statement("ReadMaster", actions=["secretsmanager:GetSecretValue"], resources=[master_secret_arn]),
        statement(
            "UseKeyOfSecret",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[secret_key_arn],
            conditions=through_secrets_manager(secret_arn),
        ),
        statement(
            "UseKeyOfMaster",
            actions=["kms:Decrypt"],
            resources=[data_key_arn],
            conditions=through_secrets_manager(master_secret_arn),
        ),
        statement(
            "ReportAge",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": "SecretRotation"}},
        ),
    )
