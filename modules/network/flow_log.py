"""The VPC's flow log (PCI DSS 10.2)."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.flow_log import FlowLog
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.common.encryption import log_group
from modules.common.policies import Account, document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from settings.base import RetentionDays
from settings.naming import Naming


class VpcFlowLog(Construct):
    """Logs every connection in the VPC to an encrypted log group, aggregated per minute."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc_id: str,
        traffic: str,
        retention_days: RetentionDays,
        key_arn: str,
        names: Naming,
        account: Account,
    ) -> None:
        super().__init__(scope, id_)
        group = log_group(
            self,
            "log-group",
            name=names.path("vpc-flow"),
            retention_days=retention_days,
            key_arn=key_arn,
        )
        role = platform_role(
            self,
            "role",
            names=names,
            account=account,
            purpose="vpc-flow-log",
            description="Lets the VPC flow log write into its log group",
            trust=service_trust(
                "vpc-flow-logs.amazonaws.com", account, source_arns=[account.arn("ec2", "vpc-flow-log/*")]
            ),
        )
        policy = IamRolePolicy(
            self,
            "policy",
            name="write-log",
            role=role.id,
            policy=document(
                statement(
                    "WriteLog",
                    actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    resources=[f"{group.arn}:*"],
                )
            ),
        )
        no_other_policies(self, "role", role=role, policies=[policy])
        FlowLog(
            self,
            "flow-log",
            vpc_id=vpc_id,
            traffic_type=traffic,
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags={"Name": names.name("vpc-flow")},
            depends_on=[policy],
        )
