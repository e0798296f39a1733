"""The base of every stack: provider, state backend, required version, names."""

from __future__ import annotations

from cdktf import S3Backend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

import modules  # noqa: F401  (before the provider: see modules.provider_imports)
from modules.common.place import Place
from modules.common.policies import Account
from modules.monitoring import Row
from settings import Environment
from settings.naming import Naming

# use_lockfile left its experimental state in Terraform 1.11.
REQUIRED_TERRAFORM = ">= 1.11.0"


def state_bucket_name(environment: Environment) -> str:
    """The state bucket of an environment and its ephemeral ones. Names are global, so this one has the account id."""
    return f"{_owner(environment).name('state')}-{environment.account_id}"


def state_key_alias(environment: Environment) -> str:
    """Alias of the KMS key of the state bucket, without `alias/`."""
    return _owner(environment).name("state")


def _owner(environment: Environment) -> Naming:
    """Names of the environment that owns the bucket: an ephemeral environment uses the original's."""
    return Naming(environment.project, environment.stage)


class BaseStack(TerraformStack):
    """A stack of `environment`, with its state at `<environment>/<component>.tfstate` in the bucket.

    The state is encrypted with the bucket's key. It is named here, because `encrypt` without a key requests SSE-S3 and
    overrides the bucket's default.

    Its resources are in `region`, if set, otherwise in the environment's; the state is in the same bucket as all
    others.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, component: str, region: str | None = None
    ) -> None:
        super().__init__(scope, id_)
        self.environment = environment
        self.names = environment.names
        self.account = Account(environment.account_id, region or environment.region)
        # Alarms of this stack, which the monitoring stack adds to its own.
        self.rows: list[Row] = []
        # Rows that the dashboard shows but whose alarms are in another stack.
        self.drawn: list[Row] = []
        self._component = component
        self.aws_provider(self.account.region)
        self.backend = S3Backend(
            self,
            bucket=state_bucket_name(environment),
            key=f"{environment.name}/{component}.tfstate",
            region=environment.region,
            encrypt=True,
            kms_key_id=Account(environment.account_id, environment.region).arn(
                "kms", f"alias/{state_key_alias(environment)}"
            ),
        )
        self.add_override("terraform.backend.s3.use_lockfile", True)
        self.add_override("terraform.required_version", REQUIRED_TERRAFORM)
        TerraformOutput(
            self,
            "protected",
            value=environment.protected,
            description="Whether this stack was last deployed with its protection; `make destroy` reads it",
        )

    def aws_provider(self, region: str, *, alias: str | None = None) -> AwsProvider:
        """The AWS provider of a region. Resources use that of the environment's region, unless they get another."""
        environment = self.environment
        return AwsProvider(
            self,
            "aws" if alias is None else f"aws-{alias}",
            alias=alias,
            region=region,
            allowed_account_ids=[environment.account_id],
            default_tags=[
                AwsProviderDefaultTags(
                    tags={
                        **environment.tags,
                        "Project": environment.project,
                        "Environment": environment.name,
                        "Tier": environment.tier,
                        "Stack": self._component,
                        "ManagedBy": "cdktf",
                    }
                )
            ],
        )

    def place(self, logs_key_arn: str) -> Place:
        """The context for the constructs of this stack; the key for log groups is the network stack's."""
        return Place(
            self.names,
            self.account,
            self.environment.protected,
            logs_key_arn,
            self.environment.logs.retention_days,
        )
