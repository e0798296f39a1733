"""Who may do what, beside policy documents: users, roles, permissions of functions, forbidden resources."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding

# Managed by AWS, and no broader than what the one service needs.
_MANAGED = {
    "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
}
# Remove the policies of a role that the code does not name.
_EXCLUSIVE = ("aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive")
# Resources that keep a password or key in the state, open a way in, or go around roles.
_FORBIDDEN = {
    "aws_iam_access_key": "its secret stands in the state",
    "aws_iam_user": "people and programs use roles",
    "aws_iam_user_login_profile": "its password stands in the state",
    "aws_iam_user_policy": "people and programs use roles",
    "aws_iam_user_policy_attachment": "people and programs use roles",
    "aws_iam_policy_attachment": "it takes the policy away from everybody else",
    "aws_iam_group_policy": "people and programs use roles",
    "aws_kms_grant": "the key's policy must tell all",
    "aws_lambda_function_url": "it is on the internet, past API and WAF",
    "aws_s3_bucket_acl": "access lists are off",
    "aws_s3_bucket_website_configuration": "buckets are private",
    "aws_ssm_parameter": "secrets are kept by Secrets Manager, which rotates them",
    "aws_transfer_server": "it is on the internet",
    "random_password": "it stands in the state",
    "random_string": "it is no secret, and used as one",
    "tls_private_key": "it stands in the state",
}


def _forbidden(platform: Platform) -> Iterator[Finding]:
    for resource in platform.all(*_FORBIDDEN):
        yield resource.finding("FORBIDDEN", f"{resource.type}: {_FORBIDDEN[resource.type]}")


def _managed(platform: Platform) -> Iterator[Finding]:
    for attachment in platform.all("aws_iam_role_policy_attachment"):
        own = platform.referred(attachment.stack, attachment.values.get("policy_arn"))
        if attachment.values.get("policy_arn") not in _MANAGED and not any(p.type == "aws_iam_policy" for p in own):
            yield attachment.finding("MANAGED_POLICY", "only reviewed policies are attached; write its own actions")
    for exclusive in platform.all("aws_iam_role_policy_attachments_exclusive"):
        for arn in exclusive.values.get("policy_arns") or ():
            own = platform.referred(exclusive.stack, arn)
            if not any(policy.type == "aws_iam_role_policy_attachment" for policy in own):
                yield exclusive.finding("MANAGED_POLICY", "it attaches what it lists: name attachments only")
    for role in platform.all("aws_iam_role"):
        if not all(platform.referring(role, type_, through="role_name") for type_ in _EXCLUSIVE):
            yield role.finding(
                "MANAGED_POLICY", "policies that were added by hand must go: modules.common.role_policies"
            )
        if role.values.get("managed_policy_arns") or role.values.get("inline_policy"):
            yield role.finding("MANAGED_POLICY", "policies of a role are resources of their own")
        if int(role.values.get("max_session_duration") or 3600) > 3600:
            yield role.finding("MANAGED_POLICY", "max_session_duration must be an hour at most")


def _function_permissions(platform: Platform) -> Iterator[Finding]:
    for permission in platform.all("aws_lambda_permission"):
        values = permission.values
        if not str(values.get("principal")).endswith(".amazonaws.com"):
            yield permission.finding("LAMBDA_CALLER", "principal must be one AWS service")
        if values.get("source_account") != platform.account_id and not platform.referred(
            permission.stack, values.get("source_arn")
        ):
            yield permission.finding("LAMBDA_CALLER", "must be bound by source_account or source_arn")
        if values.get("action") != "lambda:InvokeFunction" or values.get("function_url_auth_type"):
            yield permission.finding("LAMBDA_CALLER", "may allow lambda:InvokeFunction only")


def _redis_users(platform: Platform) -> Iterator[Finding]:
    for user in platform.all("aws_elasticache_user"):
        values, access = user.values, str(user.values.get("access_string", "")).split()
        kind = str((values.get("authentication_mode") or {}).get("type", ""))
        if values.get("passwords"):
            yield user.finding("REDIS_USER", "has no password")
        if values.get("user_name") == "default":
            if access[:1] != ["off"] or "-@all" not in access or "+@all" in access:
                yield user.finding("REDIS_USER", "the default user must be off -@all")
        else:
            if kind != "iam" or values.get("user_id") != values.get("user_name"):
                yield user.finding("REDIS_USER", "must log in with IAM, user_id as user_name")
            if "+@all" in access and "-@dangerous" not in access[access.index("+@all") :]:
                yield user.finding("REDIS_USER", "must be denied dangerous commands after +@all")
            if "nopass" in access or values.get("no_password_required") in (True, "true"):
                yield user.finding("REDIS_USER", "without authentication anybody is let in")
    for group in platform.all("aws_elasticache_user_group"):
        members = platform.referred(group.stack, group.values.get("user_ids"))
        if not any(member.values.get("user_name") == "default" for member in members):
            yield group.finding("REDIS_USER", "must hold a default user of its own, which is off")


CHECKS = (
    Check("FORBIDDEN", "No resource that keeps a secret in the state or goes around roles", ("8.3.2", "8.6"),
          (), _forbidden),
    Check("MANAGED_POLICY", "Roles carry reviewed policies only", ("7.2.2",),
          ("aws_iam_role", "aws_iam_role_policy_attachment", *_EXCLUSIVE), _managed),
    Check("LAMBDA_CALLER", "Functions are called by one service of this account", ("7.2.5",),
          ("aws_lambda_permission",), _function_permissions),
    Check("REDIS_USER", "Redis users log in with IAM; the default user is off", ("2.2.2", "8.2"),
          ("aws_elasticache_user", "aws_elasticache_user_group"), _redis_users),
)  # fmt: skip
