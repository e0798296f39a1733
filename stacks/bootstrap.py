"""The resources that must exist before all other stacks, and remain when those are destroyed."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.account import ApiGatewayAccountRole, DeployRoles, ImageRepository, PlatformBoundary, StateBucket
from modules.common.encryption import EncryptionKey
from settings import Environment
from stacks.base import BaseStack, state_bucket_name, state_key_alias


class BootstrapStack(BaseStack):
    """State bucket with its key, image repository, the boundary of every role, roles of the workflows, and the
    account's singletons that it owns.

    Its id begins with `bootstrap-`, so that `cdktf deploy '<environment>-*'` does not include it. `make bootstrap`
    moves its own state into the bucket that it creates.
    """

    def __init__(self, scope: Construct, *, environment: Environment) -> None:
        super().__init__(scope, f"bootstrap-{environment.name}", environment=environment, component="bootstrap")
        key = EncryptionKey(
            self,
            "key",
            settings=environment.encryption,
            account=self.account,
            alias=state_key_alias(environment),
            description=f"Terraform states and container images of {environment.name}",
            via_services=["s3", "ecr"],
            protected=True,  # without the key every state is unreadable
        )
        bucket = state_bucket_name(environment)
        StateBucket(self, "state", settings=environment.state, name=bucket, key_arn=key.arn)
        repository = ImageRepository(
            self,
            "images",
            name=self.names.name("service"),
            key_arn=key.arn,
            protected=environment.protected,
        )
        PlatformBoundary(
            self,
            "boundary",
            names=self.names,
            account=self.account,
            state_bucket=bucket,
            further=environment.service.allow,
        )
        if environment.account.owns_api_gateway_role:
            ApiGatewayAccountRole(self, "api-gateway", names=self.names, account=self.account)
        if environment.account.github_repository is not None:
            roles = DeployRoles(
                self,
                "deploy-roles",
                repository=environment.account.github_repository,
                branch=environment.account.github_branch,
                owns_provider=environment.account.owns_github_provider,
                names=self.names,
                account=self.account,
                state_bucket=bucket,
                state_key_arn=key.arn,
                state_key_alias=state_key_alias(environment),
            )
            TerraformOutput(
                self, "plan_role_arn", value=roles.plan_role_arn, description="What GitHub Actions plans as"
            )
            TerraformOutput(
                self, "deploy_role_arn", value=roles.deploy_role_arn, description="What GitHub Actions deploys as"
            )
        TerraformOutput(self, "state_bucket", value=bucket, description="Bucket of this environment's states")
        TerraformOutput(self, "repository_url", value=repository.url, description="Where images are pushed to")
