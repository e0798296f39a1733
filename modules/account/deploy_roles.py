"""The roles with which GitHub Actions plans and deploys an environment, without any stored key.

They belong to the bootstrap stack, which people deploy: no workflow can change its own rights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.account.deploy_policy import Bootstrap, deploy_statements
from modules.account.plan_policy import plan_statements
from modules.common.accept import accept
from modules.common.policies import Account, document
from modules.common.role_policies import no_other_policies
from modules.common.roles import boundary_arn
from settings.naming import Naming

_ISSUER = "token.actions.githubusercontent.com"
# Planning takes minutes. The longest apply waits for ElastiCache, an hour at most, after what comes before it; the job
# of the workflow ends after two hours, too. A session that ends in the middle leaves a state that is not saved.
_PLAN_SECONDS = 3600
_DEPLOY_SECONDS = 7200
_BOUNDARY_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"


class DeployRoles(Construct):
    """GitHub's identity provider, a role that plans and a role that deploys.

    Each is trusted for one branch of one repository, and one GitHub environment of it: `<environment>-plan` and
    `<environment>`, where the latter is meant to have reviewers. What each may do: `plan_policy`, `deploy_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        repository: str,
        branch: str,
        owns_provider: bool,
        names: Naming,
        account: Account,
        state_bucket: str,
        state_key_arn: str,
        state_key_alias: str,
    ) -> None:
        super().__init__(scope, id_)
        self._names = names
        self._provider_arn = f"arn:{account.partition}:iam::{account.id}:oidc-provider/{_ISSUER}"
        self._repository, self._branch = repository, branch
        roles = f"arn:{account.partition}:iam::{account.id}:role"
        bootstrap = Bootstrap(
            bucket=f"arn:{account.partition}:s3:::{state_bucket}",
            key=state_key_arn,
            key_alias=account.arn("kms", f"alias/{state_key_alias}"),
            roles=[f"{roles}/{names.name(purpose)}" for purpose in ("plan", "deploy", "api-gateway-logs")],
        )
        if owns_provider:
            IamOpenidConnectProvider(
                self,
                "provider",
                url=f"https://{_ISSUER}",
                client_id_list=["sts.amazonaws.com"],
                lifecycle=TerraformResourceLifecycle(prevent_destroy=True),
            )
        plan, planning = self._role(
            "plan",
            "Plans and finds drift, from GitHub Actions",
            github_environment=f"{names.environment}-plan",
            seconds=_PLAN_SECONDS,
            policy="states",
            statements=plan_statements(names, account, bootstrap),
        )
        deploy, deploying = self._role(
            "deploy",
            "Applies saved plans, from GitHub Actions",
            github_environment=names.environment,
            seconds=_DEPLOY_SECONDS,
            policy="roles-of-the-platform",
            statements=deploy_statements(names, account, bootstrap),
        )
        accept(
            planning,
            {"Resource": "*"},
            PARLIAMENT_RESOURCE_STAR__Configuration="a plan reads resources whose ids AWS chooses; no action "
            "reads data",
        )
        accept(
            deploying,
            {"Resource": "*"},
            PARLIAMENT_RESOURCE_STAR__Services="a deployment creates the resources, whose ids AWS chooses; an account "
            "holds one environment",
            PARLIAMENT_RESOURCE_STAR__Reading="certificates and images may belong to other accounts",
        )
        as_text = "AWS's own policies compare this key as text: " + _BOUNDARY_PAGE
        accept(
            deploying,
            {"Condition.StringEquals.iam:PermissionsBoundary": boundary_arn(names, account)},
            PARLIAMENT_MISMATCHED_TYPE_BUT_USABLE__MakeRoles=as_text,
            PARLIAMENT_MISMATCHED_TYPE_BUT_USABLE__AttachPolicies=as_text,
        )
        self.plan_role_arn = plan.arn
        self.deploy_role_arn = deploy.arn

    def _role(
        self,
        purpose: str,
        description: str,
        *,
        github_environment: str,
        seconds: int,
        policy: str,
        statements: Sequence[Mapping[str, object]],
    ) -> tuple[IamRole, IamRolePolicy]:
        """A role and its one policy, which has these statements.

        The claims: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html; what
        AWS reads of them since 2026 beside `aud` and `sub`:
        https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
        """
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
                            f"{_ISSUER}:ref": f"refs/heads/{self._branch}",
                            f"{_ISSUER}:sub": f"repo:{self._repository}:environment:{github_environment}",
                        }
                    },
                }
            ],
        }
        role = IamRole(
            self,
            purpose,
            name=self._names.name(purpose),
            description=description,
            assume_role_policy=json.dumps(trust),
            max_session_duration=seconds,
        )
        made = IamRolePolicy(self, f"{purpose}-policy", name=policy, role=role.name, policy=document(*statements))
        no_other_policies(self, purpose, role=role, policies=[made])
        return role, made
