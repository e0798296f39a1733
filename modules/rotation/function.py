"""The function that rotates database credentials: code, role, log group, network identity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
    LambdaFunctionLoggingConfig,
    LambdaFunctionTracingConfig,
    LambdaFunctionVpcConfig,
)
from constructs import Construct

from modules.common.accept import accept
from modules.common.encryption import log_group
from modules.common.place import Place
from modules.common.policies import document, service_trust, statement
from modules.common.role_policies import no_other_managed_policies
from modules.common.roles import platform_role
from modules.common.security_groups import closed_security_group
from settings.rotation import RotationSettings

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
_OWN_POLICY = "run"


@dataclass(frozen=True)
class CodePackage:
    """A zip and its SHA-256 in base64, which Lambda returns as CodeSha256."""

    path: Path
    sha256_base64: str


class RotationFunction(Construct):
    """A Lambda function in the private subnets, without access to any network target or secret.

    The stack of a secret adds policies to `role_name`, which has `inline_policies`, and rules to `security_group_id`.
    So the function needs only the network, and its first network interface (about 4 minutes) is created in parallel
    with the database.

    The hash is that of the zip. The asset's own hash is a different one, and would be a change in every plan. The
    function has no environment variables: everybody who plans would need their key, or would see a change in every
    plan.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: RotationSettings,
        package: CodePackage,
        place: Place,
        vpc_id: str,
        subnet_ids: list[str],
    ) -> None:
        super().__init__(scope, id_)
        name = place.names.name("rotation")
        log = log_group(
            self,
            "log-group",
            name=f"/aws/lambda/{name}",
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        group = closed_security_group(
            self,
            "security-group",
            name=name,
            description="The rotation function; secrets add the rules it needs",
            vpc_id=vpc_id,
        )
        role = platform_role(
            self,
            "role",
            names=place.names,
            account=place.account,
            purpose="rotation",
            description="What the rotation function may do; secrets add their own policy",
            trust=service_trust("lambda.amazonaws.com", None),
        )
        # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html shows the trust without one.
        policy = IamRolePolicy(
            self,
            "policy",
            name=_OWN_POLICY,
            role=role.id,
            policy=execution_policy(log.arn, place.account.arn("lambda", f"function:{name}")),
        )
        accept(
            policy,
            {"Resource": "*"},
            PARLIAMENT_RESOURCE_STAR__ManageNetworkInterfaces="network interfaces have no ARN before Lambda creates "
            "them",
            PARLIAMENT_UNKNOWN_CONDITION_FOR_ACTION__NoNetworkInterfacesForTheCode=(
                "AWS adds lambda:SourceFunctionArn to every call of a function's code, whichever the action"
            ),
        )
        no_other_managed_policies(self, "role", role_name=role.name)
        asset = TerraformAsset(self, "package", path=str(package.path), type=AssetType.FILE)
        function = LambdaFunction(
            self,
            "function",
            function_name=name,
            description="Rotates the application's database credentials",
            role=role.arn,
            runtime="python3.13",
            handler="rotation.handler.handler",
            filename=asset.path,
            source_code_hash=package.sha256_base64,
            architectures=[settings.architecture],
            memory_size=settings.memory_mb,
            timeout=settings.timeout_seconds,
            reserved_concurrent_executions=settings.reserved_concurrency or None,
            vpc_config=LambdaFunctionVpcConfig(subnet_ids=subnet_ids, security_group_ids=[group.id]),
            # Lambda keeps its network interfaces for up to an hour, and AWS does not delete a group in use.
            replace_security_groups_on_destroy=True,
            tracing_config=LambdaFunctionTracingConfig(mode="Active"),
            logging_config=LambdaFunctionLoggingConfig(log_format="JSON", log_group=log.name),
            # Lambda checks the permissions when it creates the function.
            depends_on=[policy],
        )
        accept(
            function,
            {"code_signing_config_arn": None, "dead_letter_config": None},
            CKV_AWS_116="Secrets Manager retries a failed rotation and reports it; an event cannot be replayed later",
            CKV_AWS_272="the zip is built reproducibly from locked sources, and every plan contains its hash",
        )
        if not settings.reserved_concurrency:
            unreserved = {"reserved_concurrent_executions": None}
            accept(
                function,
                unreserved,
                CKV_AWS_115="a new account has too little concurrency to reserve any; production requires it",
            )
        self.arn = function.arn
        self.name = function.function_name
        self.code_hash = package.sha256_base64
        self.role_name = role.name
        self.inline_policies = (_OWN_POLICY,)
        self.role_arn = role.arn
        self.security_group_id = group.id


def execution_policy(log_group_arn: str, function_arn: str) -> str:
    """The permissions that Lambda itself needs. The function's code has the same role, but may not change network
    interfaces: AWS marks calls of the code with the function's ARN.
    """
    return document(
        statement("WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log_group_arn}:*"]),
        statement("ManageNetworkInterfaces", actions=_INTERFACES, resources=["*"]),
        statement(
            "NoNetworkInterfacesForTheCode",
            effect="Deny",
            actions=["ec2:DetachNetworkInterface", *_INTERFACES],
            resources=["*"],
            conditions={"ArnEquals": {"lambda:SourceFunctionArn": [function_arn]}},
        ),
        statement("WriteTraces", actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources=["*"]),
    )
