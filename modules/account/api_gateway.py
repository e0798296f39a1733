"""The role with which API Gateway writes logs: one per account and region, so no API may own it."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.api_gateway_account import ApiGatewayAccount
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.common.policies import Account, service_trust
from modules.common.role_policies import no_other_policies
from settings.naming import Naming


class ApiGatewayAccountRole(Construct):
    """Never destroyed: going with one environment it would silence the logs of every other in the account."""

    def __init__(self, scope: Construct, id_: str, *, names: Naming, account: Account) -> None:
        super().__init__(scope, id_)
        never = TerraformResourceLifecycle(prevent_destroy=True)
        role = IamRole(
            self,
            "role",
            name=names.name("api-gateway-logs"),
            description="Lets API Gateway write the logs of every API of the account",
            assume_role_policy=service_trust("apigateway.amazonaws.com", None),
            lifecycle=never,
        )
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html shows the trust without one.
        attachment = IamRolePolicyAttachment(
            self,
            "policy",
            role=role.name,
            policy_arn=f"arn:{account.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        )
        no_other_policies(self, "role", role=role, policies=[attachment])
        ApiGatewayAccount(self, "account", cloudwatch_role_arn=role.arn, depends_on=[attachment], lifecycle=never)
