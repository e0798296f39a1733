"""The roles with which GitHub Actions plans and deploys an environment, without any stored key.

They belong to the bootstrap stack, which people deploy: no workflow can change its own rights.
"""

from __future__ import annotations

import json

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.common.policies import Account, document, statement
from modules.common.role_policies import no_other_policies
from settings.naming import Naming

_ISSUER = "token.actions.githubusercontent.com"
# Reading that a plan never needs: data, not configuration.
DENIED_DATA = (
    "athena:GetQueryResults", "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan",
    "kinesis:GetRecords", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetQueryResults", "logs:StartQuery",
    "sqs:ReceiveMessage",
)  # fmt: skip
_ROLE_READING = (
    "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies", "iam:ListRoleTags",
)  # fmt: skip
_ROLE_WRITING = (
    "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
    "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)  # fmt: skip
# Every AWS service that one of the platform's roles is for.
PASSED_TO = (
    "backup.amazonaws.com", "ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "events.amazonaws.com",
    "lambda.amazonaws.com", "monitoring.rds.amazonaws.com", "scheduler.amazonaws.com", "ssm.amazonaws.com",
    "states.amazonaws.com", "vpc-flow-logs.amazonaws.com",
)  # fmt: skip
_SERVICE_LINKED = (
    "backup.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com",
    "elasticache.amazonaws.com", "elasticache.application-autoscaling.amazonaws.com",
    "elasticfilesystem.amazonaws.com", "elasticloadbalancing.amazonaws.com", "ops.apigateway.amazonaws.com",
    "rds.amazonaws.com", "rds.application-autoscaling.amazonaws.com", "wafv2.amazonaws.com",
)  # fmt: skip


class DeployRoles(Construct):
    """GitHub's identity provider, a role that plans and a role that deploys.

    Each is trusted for one repository and one GitHub environment of it: `<environment>-plan` and `<environment>`, where
    the latter is meant to have reviewers. The plan role reads configuration, and of data only the states; it writes
    nothing but locks. The deploy role may use every service and, of IAM, make the roles that carry the environment's
    names: whoever may make roles and functions can, with intent, get any right in the account, so it is the approval
    in GitHub that guards it. It cannot change bootstrap: this provider and these roles, the state bucket, its key.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        repository: str,
        owns_provider: bool,
        names: Naming,
        account: Account,
        state_bucket: str,
        state_key_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        self._names = names
        self._account = account
        self._provider_arn = f"arn:{account.partition}:iam::{account.id}:oidc-provider/{_ISSUER}"
        self._repository = repository
        bucket = f"arn:{account.partition}:s3:::{state_bucket}"
        # Copies keep their states under names of their own in the same bucket.
        states = [f"{bucket}/{names.environment}/*", f"{bucket}/{names.environment}-*"]
        state_access = [
            statement("FindStates", actions=["s3:ListBucket"], resources=[bucket]),
            statement("ReadStates", actions=["s3:GetObject"], resources=states),
            statement(
                "Lock",
                actions=["s3:DeleteObject", "s3:PutObject"],
                resources=[f"{key}.tflock" for key in states],
            ),
            statement(
                "StateKey",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[state_key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"s3.{account.region}.amazonaws.com"}},
            ),
        ]
        if owns_provider:
            IamOpenidConnectProvider(
                self,
                "provider",
                url=f"https://{_ISSUER}",
                client_id_list=["sts.amazonaws.com"],
                lifecycle=TerraformResourceLifecycle(prevent_destroy=True),
            )
        plan = self._role("plan", "Plans and finds drift, from GitHub Actions", f"{names.environment}-plan")
        managed = self._managed(plan, "plan-reading", "ReadOnlyAccess")
        reading = IamRolePolicy(
            self,
            "plan-policy",
            name="states",
            role=plan.name,
            policy=document(*state_access, *self._bootstrap_version(), *self._no_data(states)),
        )
        no_other_policies(self, "plan", role=plan, policies=[managed, reading])
        deploy = self._role("deploy", "Applies saved plans, from GitHub Actions", names.environment)
        managed = self._managed(deploy, "deploy-services", "PowerUserAccess")
        roles = IamRolePolicy(
            self,
            "deploy-policy",
            name="roles-of-the-platform",
            role=deploy.name,
            policy=document(*self._roles(), self._no_bootstrap(bucket, state_key_arn)),
        )
        no_other_policies(self, "deploy", role=deploy, policies=[managed, roles])
        self.plan_role_arn = plan.arn
        self.deploy_role_arn = deploy.arn

    def _role(self, purpose: str, description: str, github_environment: str) -> IamRole:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OneRepositoryAndEnvironment",
                    "Effect": "Allow",
                    "Principal": {"Federated": self._provider_arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {
                            f"{_ISSUER}:aud": "sts.amazonaws.com",
                            f"{_ISSUER}:sub": f"repo:{self._repository}:environment:{github_environment}",
                        }
                    },
                }
            ],
        }
        return IamRole(
            self,
            purpose,
            name=self._names.name(purpose),
            description=description,
            assume_role_policy=json.dumps(trust),
            max_session_duration=3600,
        )

    def _managed(self, role: IamRole, id_: str, policy: str) -> IamRolePolicyAttachment:
        arn = f"arn:{self._account.partition}:iam::aws:policy/{policy}"
        return IamRolePolicyAttachment(self, id_, role=role.name, policy_arn=arn)

    def _bootstrap_version(self) -> list[dict[str, object]]:
        """Terraform refreshes the secret's first version, which has no password.

        IAM cannot tell versions apart by an id that is not known yet: `rotation.deploy_role_arns` bars the others.
        """
        name = self._names.path("database").removeprefix("/")
        secret = self._account.arn("secretsmanager", f"secret:{name}-*")
        return [
            statement("FirstVersion", actions=["secretsmanager:GetSecretValue"], resources=[secret]),
            statement(
                "SecretKey",
                actions=["kms:Decrypt"],
                resources=[self._account.arn("kms", "key/*")],
                conditions={
                    "StringEquals": {"kms:ViaService": f"secretsmanager.{self._account.region}.amazonaws.com"},
                    "StringLike": {"kms:EncryptionContext:SecretARN": secret},
                },
            ),
        ]

    def _no_data(self, states: list[str]) -> list[dict[str, object]]:
        return [
            statement("NoData", effect="Deny", actions=DENIED_DATA, resources=["*"]),
            {
                "Sid": "NoObjectsButStates",
                "Effect": "Deny",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "NotResource": states,
            },
        ]

    def _roles(self) -> list[dict[str, object]]:
        own = f"arn:{self._account.partition}:iam::{self._account.id}:role"
        name = f"{self._names.project}-*-{self._names.ending}"
        roles = [f"{own}/{name}", f"{own}/{name}-*"]  # of the environment, and of its copies
        return [
            statement("Roles", actions=[*_ROLE_READING, *_ROLE_WRITING], resources=roles),
            statement(
                "PassRoles",
                actions=["iam:PassRole"],
                resources=roles,
                conditions={"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
            ),
            statement(
                "ServiceLinkedRoles",
                actions=["iam:CreateServiceLinkedRole"],
                resources=[f"{own}/aws-service-role/*"],
                conditions={"StringEquals": {"iam:AWSServiceName": list(_SERVICE_LINKED)}},
            ),
        ]

    def _no_bootstrap(self, bucket: str, state_key_arn: str) -> dict[str, object]:
        roles = f"arn:{self._account.partition}:iam::{self._account.id}:role"
        return statement(
            "NotBootstrap",
            effect="Deny",
            actions=[
                *_ROLE_WRITING, "iam:PassRole", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
                "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutBucketPolicy",
                "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
            ],
            resources=[
                *(f"{roles}/{self._names.name(purpose)}" for purpose in ("plan", "deploy", "api-gateway-logs")),
                bucket,
                f"{bucket}/*",
                state_key_arn,
            ],
        )  # fmt: skip
