"""Lambda functions behind a REST API: how it calls them, and the permission to do so."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from modules.common.policies import Account
from settings.naming import Naming


def invocation_uri(function_arn: str, account: Account) -> str:
    """The URI with which an integration or an authorizer calls the function."""
    return (
        f"arn:{account.partition}:apigateway:{account.region}:lambda:path/2015-03-31/functions/"
        f"{function_arn}/invocations"
    )


def permit(scope: Construct, id_: str, *, function_arn: str, source_arn: str, names: Naming) -> LambdaPermission:
    """Allows `source_arn`, a part of one API, to call the function.

    The ARN contains the account. AWS's documentation has examples with and without a separate source account.
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
