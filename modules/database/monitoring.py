"""The role with which RDS writes operating system metrics of Aurora instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.common.policies import Account, service_trust
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from settings.naming import Naming


@dataclass(frozen=True)
class MonitoringRole:
    """The instance must depend on the role's attachment, because RDS tests the role when it creates the instance."""

    role_arn: str
    attachment: IamRolePolicyAttachment


def enhanced_monitoring_role(
    scope: Construct, id_: str, *, names: Naming, account: Account, instances: Sequence[str]
) -> MonitoringRole:
    """A role that RDS may assume only for these instances of this account (confused deputy).

    The metrics go to the log group `RDSOSMetrics`, which exists once per account and region, so no environment owns it.
    """
    role = platform_role(
        scope,
        f"{id_}-role",
        names=names,
        account=account,
        purpose="aurora-monitoring",
        description="Lets RDS write operating system metrics of the Aurora instances",
        trust=service_trust(
            "monitoring.rds.amazonaws.com",
            account,
            source_arns=[account.arn("rds", f"db:{instance}") for instance in instances],
        ),
    )
    attachment = IamRolePolicyAttachment(
        scope,
        f"{id_}-policy",
        role=role.name,
        policy_arn=f"arn:{account.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    )
    no_other_policies(scope, f"{id_}-role", role=role, policies=[attachment])
    return MonitoringRole(role.arn, attachment)
