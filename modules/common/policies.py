"""IAM, key and endpoint policies as JSON text: pure functions, so that tests and reviewers read the same text.

Documents are created with `json.dumps`, not `Fn.jsonencode`, which scanners cannot read. References remain Terraform
placeholders inside the text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


@dataclass(frozen=True)
class Account:
    """The account, region and partition of a policy."""

    id: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.id}:{resource}"

    @property
    def root(self) -> str:
        """The account principal: every identity of the account that IAM allows."""
        return f"arn:{self.partition}:iam::{self.id}:root"


def statement(
    sid: str,
    *,
    actions: Sequence[str],
    resources: Sequence[str],
    principals: Mapping[str, str | Sequence[str]] | str | None = None,
    conditions: Conditions | None = None,
    effect: str = "Allow",
) -> dict[str, object]:
    """One statement; `principals` is left out of identity policies."""
    return {
        "Sid": sid,
        "Effect": effect,
        **({"Principal": principals} if principals is not None else {}),
        "Action": list(actions),
        "Resource": list(resources),
        **({"Condition": conditions} if conditions else {}),
    }


def document(*statements: Mapping[str, object]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def service_trust(service: str, account: Account | None, *, source_arns: Sequence[str] = ()) -> str:
    """Trust policy of a role for an AWS service, which may act for this account only (confused deputy).

    Omit `account` if AWS does not document that the service sends the account: docs/threat-model.md.
    """
    conditions: dict[str, Mapping[str, str | Sequence[str]]] = {}
    if account is not None:
        conditions["StringEquals"] = {"aws:SourceAccount": account.id}
    if source_arns:
        conditions["ArnLike"] = {"aws:SourceArn": list(source_arns)}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                    **({"Condition": conditions} if conditions else {"Sid": "ForAnyAccount"}),
                }
            ],
        }
    )


def deny_without_tls(bucket_arn: str) -> dict[str, object]:
    """The statement that PCI DSS 4.2.1 requires for every bucket: no access without TLS."""
    return statement(
        "DenyWithoutTls",
        effect="Deny",
        principals="*",
        actions=["s3:*"],
        resources=[bucket_arn, f"{bucket_arn}/*"],
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


_KEY_ADMINISTRATION = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
    "kms:ListAliases", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags",
    "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
    "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
)  # fmt: skip
_KEY_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def key_policy(account: Account, *, via_services: Sequence[str], service_principals: Sequence[str] = ()) -> str:
    """Policy of a customer-managed key.

    Identities of the account administer the key as IAM allows, and use it only through `via_services`
    (`secretsmanager`, `rds`, ...): nobody can decrypt directly with the key. `service_principals` (`logs`, ...) call
    KMS as themselves: CloudWatch Logs only for the account's log groups (by encryption context), others only for the
    account.
    """
    via = [f"{service}.{account.region}.amazonaws.com" for service in via_services]
    through = {"StringEquals": {"kms:CallerAccount": account.id, "kms:ViaService": via}}
    statements = [
        statement("AdministrationByIam", principals={"AWS": account.root}, actions=_KEY_ADMINISTRATION, resources=["*"])
    ]
    if via:
        statements += [
            statement(
                "UseThroughServices",
                principals={"AWS": account.root},
                actions=_KEY_USE,
                resources=["*"],
                conditions=through,
            ),
            statement(
                "GrantsForServices",
                principals={"AWS": account.root},
                actions=["kms:CreateGrant"],
                resources=["*"],
                conditions={**through, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]
    for service in service_principals:
        is_logs = service == "logs"
        host = f"logs.{account.region}.amazonaws.com" if is_logs else f"{service}.amazonaws.com"
        bound_to: Conditions = (
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": account.arn("logs", "log-group:*")}}
            if is_logs
            else {"StringEquals": {"aws:SourceAccount": account.id}}
        )
        statements.append(
            statement(
                f"UseBy{service.title()}",
                principals={"Service": host},
                actions=_KEY_USE,
                resources=["*"],
                conditions=bound_to,
            )
        )
    return document(*statements)
