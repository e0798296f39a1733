"""Every statement of every policy document, in whichever attribute of whichever resource it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.references import texts
from tools.synthesized.resources import Finding, Statement, documents
from tools.synthesized.values import leaves, listed, parsed

# Actions that AWS offers no resource for (Service Authorization Reference).
WITHOUT_RESOURCE = frozenset({
    "cloudwatch:PutMetricData",
    # Lambda's, whose interfaces have no name before they are made; the code itself is denied them.
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:GetAuthorizationToken",
    "elasticfilesystem:DescribeMountTargets",
    "logs:DescribeLogGroups",
    "rds:DescribeDBClusters",
    "secretsmanager:GetRandomPassword",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
})  # fmt: skip
# Families that stand for one thing: KMS names their members by what is encrypted.
_FAMILIES = {"kms:GenerateDataKey*", "kms:ReEncrypt*"}
# A condition on one of these keys binds a service to the account that it acts for (confused deputy).
_BINDS_SERVICE = ("aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:", "kms:CallerAccount")
_BINDS_ANYBODY = ("aws:PrincipalAccount", "aws:PrincipalArn", *_BINDS_SERVICE)
# What an identity may do only under a condition on this key.
_CONDITIONED = {
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
    "elasticfilesystem:ClientMount": "elasticfilesystem:AccessPointArn",
    "elasticfilesystem:ClientWrite": "elasticfilesystem:AccessPointArn",
    "iam:PassRole": "iam:PassedToService",
    "secretsmanager:PutSecretValue": "secretsmanager:resource/AllowRotationLambdaArn",
    "secretsmanager:UpdateSecretVersionStage": "secretsmanager:resource/AllowRotationLambdaArn",
}
_EVERYTHING = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*")
IDENTITY_POLICIES = ("aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy")
_HOLDERS = (*IDENTITY_POLICIES, "aws_iam_role", "aws_kms_key", "aws_s3_bucket_policy", "aws_vpc_endpoint",
            "aws_efs_file_system_policy", "aws_secretsmanager_secret_policy", "aws_ecr_repository_policy",
            "aws_sns_topic_policy", "aws_sqs_queue_policy", "aws_api_gateway_rest_api_policy",
            "aws_cloudwatch_log_resource_policy")  # fmt: skip
_USE_OF_KEYS = re.compile(r"kms:(\*|Decrypt|Encrypt|GenerateDataKey.*|ReEncrypt.*|CreateGrant)")


def _readable(platform: Platform) -> Iterator[Finding]:
    for resource in platform.subjects:
        if any("jsonencode(" in text and "Statement" in text for text in texts(resource.arguments)):
            yield resource.finding("POLICY_READABLE", "a document in a Terraform function is hidden from reviewers")
        for path, value in leaves(resource.arguments):
            looks = path[-1] in ("policy", "assume_role_policy", "access_policy") if path else False
            if looks and resource.type in _HOLDERS and not isinstance(parsed(value), dict):
                yield resource.finding("POLICY_READABLE", f"{path[-1]} is no JSON document")
        for attribute, document in documents(resource):
            if document.get("Version") != "2012-10-17":
                yield resource.finding("POLICY_READABLE", f"{attribute}: Version must be 2012-10-17")
            for body in document["Statement"]:
                if body.get("Effect") not in ("Allow", "Deny"):
                    yield resource.finding("POLICY_READABLE", f"{attribute}: Effect must be Allow or Deny")


def _allowing(platform: Platform) -> Iterator[Statement]:
    return (statement for statement in platform.statements if statement.allows)


def _actions(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        if "NotAction" in statement.body or not statement.actions:
            yield statement.finding("POLICY_ACTIONS", "must name its actions")
        for action in statement.actions:
            if "*" in action and action not in _FAMILIES:
                yield statement.finding("POLICY_ACTIONS", f"{action}: name the actions")
            if action.startswith("iam:") and action != "iam:PassRole":
                yield statement.finding("POLICY_ACTIONS", f"{action} is the way to more rights")


def _resources(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        if "NotResource" in statement.body:
            yield statement.finding("POLICY_RESOURCES", "must name its resources")
        if statement.resource.type not in IDENTITY_POLICIES:
            continue
        broad = [arn for arn in statement.resources if _EVERYTHING.fullmatch(arn)]
        if broad and not set(statement.actions) <= WITHOUT_RESOURCE:
            yield statement.finding("POLICY_RESOURCES", f"{', '.join(broad)}: name the resources")
        if not statement.resources:
            yield statement.finding("POLICY_RESOURCES", "must name its resources")


def _principal(statement: Statement) -> dict[str, list[str]]:
    principal = statement.body.get("Principal")
    if isinstance(principal, dict):
        return {kind: listed(value) for kind, value in principal.items()}
    return {"AWS": listed(principal)} if principal is not None else {}


def _services(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        services = _principal(statement).get("Service", [])
        if services and not [key for key in statement.binding_keys if key.startswith(_BINDS_SERVICE)]:
            yield statement.finding("POLICY_SERVICE", "bind the service by aws:SourceAccount, or it serves any account")
        if any("*" in service for service in services):
            yield statement.finding("POLICY_SERVICE", "name the service")


def _bindings(platform: Platform) -> Iterator[Finding]:
    """The values of the conditions that bind: the own account, not a pattern that any account matches."""
    for statement in _allowing(platform):
        for operator, key, values in statement.conditions:
            if "Not" in operator or not key.startswith(_BINDS_ANYBODY):
                continue
            for value in values:
                if platform.account_id not in value and not platform.referred(statement.resource.stack, value):
                    yield statement.finding("POLICY_BOUND", f"{key} = {value} admits other accounts")


def _anybody(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        if "NotPrincipal" in statement.body:
            yield statement.finding("POLICY_ANYBODY", "must name its principal")
        if "*" in _principal(statement).get("AWS", []) and not [
            key for key in statement.binding_keys if key.startswith(_BINDS_ANYBODY)
        ]:
            yield statement.finding("POLICY_ANYBODY", "anybody may be anybody: bind it to the account")


def _endpoints(platform: Platform) -> Iterator[Finding]:
    """Else an identity of the account could carry data through the endpoint into a bucket of another."""
    for statement in _allowing(platform):
        s3 = any(action.startswith("s3:") for action in statement.actions)
        anywhere = statement.resource.type == "aws_vpc_endpoint" and statement.resources == ["*"]
        if s3 and anywhere and "aws:ResourceAccount" not in statement.binding_keys:
            yield statement.finding("ENDPOINT_BUCKETS", "only to buckets of the account (aws:ResourceAccount)")


def _foreign(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        principal = _principal(statement)
        for arn in principal.get("AWS", []):
            own = f":{platform.account_id}:" in arn or platform.referred(statement.resource.stack, arn)
            if arn != "*" and not own:
                yield statement.finding("POLICY_FOREIGN", f"{arn} is of another account")
        if set(principal) - {"AWS", "Service"}:
            yield statement.finding("POLICY_FOREIGN", f"{', '.join(set(principal) - {'AWS', 'Service'})} is trusted")


def _trust(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        if statement.resource.type == "aws_iam_role" and statement.attribute == "assume_role_policy":
            if set(_principal(statement)) != {"Service"} or statement.actions != ["sts:AssumeRole"]:
                yield statement.finding("ROLE_TRUST", "must trust AWS services only, for sts:AssumeRole")
            if len(_principal(statement).get("Service", [])) != 1:
                yield statement.finding("ROLE_TRUST", "must trust one service")


def _keys(platform: Platform) -> Iterator[Finding]:
    for statement in _allowing(platform):
        used = [action for action in statement.actions if _USE_OF_KEYS.fullmatch(action)]
        if not used or statement.resource.type == "aws_vpc_endpoint":
            continue
        service = "Service" in _principal(statement)
        if not service and "kms:ViaService" not in statement.binding_keys:
            yield statement.finding("KMS_VIA", f"{', '.join(used)}: only through a service (kms:ViaService)")
        through = [value for _, key, values in statement.conditions if key == "kms:ViaService" for value in values]
        secrets = statement.resource.type in IDENTITY_POLICIES and any(v.startswith("secretsmanager.") for v in through)
        if secrets and "kms:EncryptionContext:SecretARN" not in statement.binding_keys:
            yield statement.finding("KMS_VIA", "for its own secret only (kms:EncryptionContext:SecretARN)")
        for_aws = ("Bool", "kms:GrantIsForAWSResource", ["true"])
        if "kms:CreateGrant" in used and for_aws not in statement.conditions:
            yield statement.finding("KMS_VIA", "grants are for AWS resources only (kms:GrantIsForAWSResource)")


def _values(platform: Platform) -> Iterator[Finding]:
    """Conditions of a wildcard match everything, so they are none."""
    for statement in _allowing(platform):
        for operator, key, values in statement.conditions:
            if "Not" not in operator and any(value.strip("*") == "" for value in values):
                yield statement.finding("POLICY_CONDITION", f"{key}: a wildcard is no condition")
        for action, key in _CONDITIONED.items() if statement.resource.type in IDENTITY_POLICIES else ():
            if action in statement.actions and key not in statement.binding_keys:
                yield statement.finding("POLICY_CONDITION", f"{action}: only with a condition on {key}")


def _function_code(platform: Platform) -> Iterator[Finding]:
    """What Lambda needs to join a VPC must not serve the code that runs there."""
    for statement in _allowing(platform):
        interfaces = {action for action in statement.actions if "NetworkInterface" in action or "PrivateIp" in action}
        if not interfaces or statement.resource.type not in IDENTITY_POLICIES:
            continue
        denied = {
            action
            for other in statement.resource.statements
            if not other.allows
            and other.resources == ["*"]
            and [(o, k) for o, k, _ in other.conditions] == [("ArnEquals", "lambda:SourceFunctionArn")]
            for action in other.actions
        }
        if not interfaces <= denied:
            yield statement.finding("LAMBDA_CODE_DENIED", "deny the same to the code (lambda:SourceFunctionArn)")


CHECKS = (
    Check("POLICY_READABLE", "Policy documents are JSON that a reviewer can read", ("7.2.1",), _HOLDERS, _readable),
    Check("POLICY_ACTIONS", "Statements name their actions; none can extend rights", ("7.2.2",), _HOLDERS, _actions),
    Check("POLICY_RESOURCES", "Identity policies name their resources", ("7.2.2",), IDENTITY_POLICIES, _resources),
    Check("POLICY_SERVICE", "Services are trusted for this account only", ("7.2.5",),
          ("aws_iam_role", "aws_kms_key", "aws_s3_bucket_policy", "aws_sns_topic_policy"), _services),
    Check("POLICY_BOUND", "Conditions that bind name this account", ("7.2.5",), _HOLDERS, _bindings),
    Check("POLICY_ANYBODY", "Anybody means identities of this account", ("7.2.2",), _HOLDERS, _anybody),
    Check("ENDPOINT_BUCKETS", "Endpoints lead to buckets of this account", ("1.4",), ("aws_vpc_endpoint",), _endpoints),
    Check("POLICY_FOREIGN", "No principal of another account or provider", ("7.2.2",), _HOLDERS, _foreign),
    Check("ROLE_TRUST", "A role is of one service", ("7.2.5",), ("aws_iam_role",), _trust),
    Check("KMS_VIA", "Keys are used through AWS services, never by hand", ("3.6.1", "3.7.6"),
          ("aws_kms_key", *IDENTITY_POLICIES), _keys),
    Check("POLICY_CONDITION", "Conditions condition", ("7.2.2",), _HOLDERS, _values),
    Check("LAMBDA_CODE_DENIED", "The function's code may not touch network interfaces", ("7.2.2",),
          ("aws_iam_role_policy",), _function_code),
)  # fmt: skip
