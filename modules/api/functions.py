"""Lambda functions behind a REST API: how it calls them, and the permission to do so."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from modules.common.policies import Account
from settings.naming import Naming


def invocation_uri(function_arn: str, account: Account) -> str:
    """What an integration or an authorizer calls."""
    return (
        f"arn:{account.partition}:apigateway:{account.region}:lambda:path/2015-03-31/functions/"
        f"{function_arn}/invocations"
    )


def permit(scope: Construct, id_: str, *, function_arn: str, source_arn: str, names: Naming) -> LambdaPermission:
    """Lets `source_arn`, a part of one API of the account, call the function.

    The ARN names the account. AWS's page shows a statement that names it apart as well, and one without: both work.
    https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
    """
    parts = function_arn.split(":")
    return LambdaPermission(
        scope,
        id_,
        statement_id=names.name(id_),
        action="lambda:InvokeFunction",
        function_name=":".join(parts[:7]),
        qualifier=parts[7] if len(parts) > 7 else None,
        principal="apigateway.amazonaws.com",
        source_arn=source_arn,
    )
