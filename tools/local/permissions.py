"""Evaluates the recorded calls of the embedded AWS, which allows everything, against the policies that are deployed.

A role may do what its policies allow, within its boundary; policies of secrets, buckets, queues, topics, keys and VPC
endpoints may deny it. The evaluation itself is that of a library, in `permissions.mjs`. Policies of AWS are not read: a
role that calls has none.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.synthesized.errors import DeployError
from tools.synthesized.values import lookup, parsed

# Names of services where they sign, and of clients, that are not those of their permissions.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES = {"efs": "elasticfilesystem", "elbv2": "elasticloadbalancing", "monitoring": "cloudwatch", "tagging": "tag"}
# Of S3: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_NAMES = {
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration", "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject", "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock", "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:DescribeBudget": "budgets:ViewBudget", "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget", "lambda:Invoke": "lambda:InvokeFunction",
}  # fmt: skip
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE = {"sts:GetCallerIdentity"}
# What a service does with a customer's key as the caller: the action, the service that KMS sees, and what is called.
_GRANT = ("kms:CreateGrant", "kms:DescribeKey")
_KEY_USE: dict[str, tuple[str, tuple[str, ...]]] = {
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
    "rds:CreateDBCluster": ("rds", _GRANT),
    "rds:CreateDBInstance": ("rds", _GRANT),
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
    "elasticache:CreateReplicationGroup": ("elasticache", _GRANT),
    # https://docs.aws.amazon.com/efs/latest/ug/EFSKMS.html
    "elasticfilesystem:CreateFileSystem": ("elasticfilesystem", (*_GRANT, "kms:GenerateDataKeyWithoutPlaintext")),
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html, which also names kms:RetireGrant; but
    # the grant itself decides about that: https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
    "backup:CreateBackupVault": (
        "backup", (*_GRANT, "kms:Decrypt", "kms:GenerateDataKey", "backup-storage:MountCapsule"),
    ),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    "secretsmanager:CreateSecret": ("secretsmanager", ("kms:Decrypt", "kms:GenerateDataKey")),
    "secretsmanager:PutSecretValue": ("secretsmanager", ("kms:Decrypt", "kms:GenerateDataKey")),
    "secretsmanager:GetSecretValue": ("secretsmanager", ("kms:Decrypt",)),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    "s3:GetObject": ("s3", ("kms:Decrypt",)),
    # Else the answer has no variables, and a plan would add them:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    "lambda:GetFunction": ("lambda", ("kms:Decrypt",)),
    "s3:PutObject": ("s3", ("kms:GenerateDataKey",)),
}  # fmt: skip
# To which service a call passes the roles that it names, by action or service.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService
_PASSED_TO = {
    "apigateway": "apigateway", "backup": "backup", "ec2:CreateFlowLogs": "vpc-flow-logs", "ecs:CreateService": "ecs",
    "ecs:RegisterTaskDefinition": "ecs-tasks", "ecs:UpdateService": "ecs", "events": "events", "lambda": "lambda",
    "rds": "monitoring.rds", "scheduler": "scheduler", "sns": "sns", "states": "states",
}  # fmt: skip
_NOTHING = {"name": "missing", "policy": {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}}
_SCRIPT = Path(__file__).with_suffix(".mjs")


def permission(service: str, operation: str, method: str = "GET") -> str:
    """The permission that a call takes, by its name in botocore's models; API Gateway's are HTTP methods."""
    if service == "apigateway":
        return f"apigateway:{method}"
    name = f"{_PREFIXES.get(service, service)}:{operation}"
    return _NAMES.get(name, name)


@dataclass
class Deployed:
    """The policies of roles, of resources by ARN, and of VPC endpoints by service."""

    roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """The key of a secret or bucket, by its ARN; of an alias or of a function's variables, by its name."""
    rotations: dict[str, str] = field(default_factory=dict)
    """The function that rotates a secret."""


def deployed(resources: Iterable[tuple[str, Mapping[str, Any]]]) -> Deployed:
    """Read them from resources, types and attributes, as the states have them."""
    found, boundaries, policies = Deployed(), {}, defaultdict(list)
    for type_, one in resources:
        policy = parsed(one.get("policy"))
        match type_:
            case "aws_iam_role":
                found.roles[one["name"]] = {"arn": one["arn"], "limit": one.get("permissions_boundary") or ""}
            case "aws_iam_role_policy":
                policies[one["role"]].append({"name": one["name"], "policy": policy})
            case "aws_iam_policy":
                boundaries[one["arn"]] = {"name": one["name"], "policy": policy}
            case "aws_vpc_endpoint" if policy:
                found.endpoints[one["service_name"].rpartition(".")[2]] = policy
            case "aws_s3_bucket_policy":
                found.resources[f"arn:aws:s3:::{one['bucket']}"] = policy
            case "aws_secretsmanager_secret_policy":
                found.resources[one["secret_arn"]] = policy
            case "aws_sqs_queue" | "aws_sns_topic_policy" | "aws_kms_key" if policy:
                found.resources[one["arn"]] = policy
            case "aws_s3_bucket_server_side_encryption_configuration":
                key = lookup(one, "rule.apply_server_side_encryption_by_default.kms_master_key_id")
                found.keys[f"arn:aws:s3:::{one['bucket']}"] = "".join(key)
            case "aws_kms_alias":
                found.keys[one["name"]] = one["target_key_arn"]
            case "aws_lambda_function" if one.get("environment"):
                found.keys[one["function_name"]] = one.get("kms_key_arn") or ""
            case "aws_secretsmanager_secret_rotation":
                found.rotations[one["secret_id"]] = one.get("rotation_lambda_arn") or ""
            case "aws_secretsmanager_secret":
                found.keys[one["arn"]] = one.get("kms_key_id") or ""
            case "aws_rds_cluster":
                found.keys |= {secret["secret_arn"]: secret["kms_key_id"] for secret in one["master_user_secret"]}
    for name, role in found.roles.items():
        # A boundary that is not there allows nothing.
        role["boundary"] = boundaries.get(role["limit"], _NOTHING) if role["limit"] else None
        role["policies"] = policies[name]
    return found


@dataclass
class Evaluation:
    """How many calls of which roles were evaluated, which are denied, and of which nothing can be said."""

    roles: Counter[str] = field(default_factory=Counter)
    denied: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {"denied": len(self.denied), "not judged": len(self.unknown)}
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "all allowed"
        return f"{self.roles.total()} calls by {len(self.roles)} role{'s' * (len(self.roles) != 1)}: {said}"


def evaluate(calls: Iterable[Mapping[str, Any]], deployed: Deployed, callers: Mapping[str, str]) -> Evaluation:
    """Evaluate the calls of `callers`, roles by access key, and of every role whose name is the access key itself.

    Raises DeployError when the evaluation does not run.
    """
    result, questions = Evaluation(), dict[str, dict[str, Any]]()
    missing = Counter[str]()
    for call in calls:
        role = callers.get(call["access_key"], call["access_key"])
        if role in deployed.roles:
            result.roles[role] += 1
            own = role not in callers.values()
            questions |= {json.dumps(one, sort_keys=True): one for one in _questions(call, role, deployed, inside=own)}
        elif call["access_key"] in callers:
            missing[role] += 1
    result.unknown += [f"{count} calls of {role}, which is not deployed" for role, count in missing.items()]
    for question, outcomes in zip(questions.values(), _answers(deployed, questions), strict=True):
        for outcome in outcomes:
            said = f"{question['role']} may not {question['action']} on {outcome['resource']}"
            if "denied" in outcome:
                result.denied.append(f"{said}: {_reasons(question['action'], outcome['denied'])}")
            elif "unknown" in outcome:
                result.unknown.append(f"{said.replace('may not', 'calls')}: {outcome['unknown']}")
    result.denied = list(dict.fromkeys(result.denied))
    return result


def _answers(deployed: Deployed, questions: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    policies = {"roles": deployed.roles, "resources": deployed.resources, "endpoints": deployed.endpoints}
    lines = "\n".join([json.dumps(policies), *questions])
    run = subprocess.run(["node", _SCRIPT], input=lines, capture_output=True, text=True, check=False)
    if run.returncode:
        raise DeployError(f"node {_SCRIPT.name} failed: {run.stderr.strip()}")
    return map(json.loads, run.stdout.splitlines())


_OF = {"identity": "its policies", "pb": "its boundary", "resource": "the resource's policy",
       "vpce": "the VPC endpoint's policy"}  # fmt: skip


def _reasons(action: str, denials: Iterable[Mapping[str, Any]]) -> str:
    """Only the policy of a key must allow; those of other resources of the account need not."""
    found = []
    for denial in denials:
        of = _OF.get(denial["policyType"], denial["policyType"])
        if denial["denialType"] == "Explicit":
            found.append(f"statement {denial.get('statementId') or denial['statementIndex']} of {of} denies it")
        elif denial["policyType"] != "resource" or action.startswith("kms:"):
            found.append(f"no statement of {of} allows it")
    return "; ".join(found) or "no statement of its policies or boundary allows it"


def _questions(call: Mapping[str, Any], role: str, deployed: Deployed, *, inside: bool) -> Iterator[dict[str, Any]]:
    """What IAM is asked for a call: for the call itself, and for what services do as the caller.

    A call from `inside` the network passes the VPC endpoint of its service, if there is one.
    """
    service, names = call["service"], dict(call["names"])
    if key := deployed.keys.get(names.get("AliasName", "")):
        # https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html: of the key, too
        names.setdefault("TargetKeyId", key)
    action = permission(service, call["operation"], call["method"])
    if action in _FREE:
        return
    arn = deployed.roles[role]["arn"]
    account = arn.split(":")[4]
    arns = [value for value in names.values() if value.startswith("arn:")]
    question: dict[str, Any] = {
        "role": role,
        "action": action,
        "arns": arns,
        "names": _variables(names) | {"partition": ["aws"], "region": [call["region"]], "account": [account]},
        "endpoint": service if inside else "",
        "context": {
            "aws:PrincipalArn": arn,
            "aws:PrincipalAccount": account,
            "aws:ResourceAccount": account,
            "aws:SecureTransport": "true",
            **_context(names, deployed),
        },
    }
    if service == "apigateway":
        question["resource"] = f"arn:aws:apigateway:{call['region']}::{call['path']}"
    yield question
    further = question | {"endpoint": ""}
    if call["status"] == 404 and action == "s3:GetObject":
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html: else it is answered with 403
        yield question | {"action": "s3:ListBucket"}
    for passed in arns:
        if ":role/" in passed and service != "iam":
            to = _PASSED_TO.get(action) or _PASSED_TO.get(service, "unknown")
            context = question["context"] | {"iam:PassedToService": f"{to}.amazonaws.com"}
            yield further | {"action": "iam:PassRole", "resource": passed, "context": context}
    yield from _key_use(call, further, deployed)


def _key_use(call: Mapping[str, Any], question: dict[str, Any], deployed: Deployed) -> Iterator[dict[str, Any]]:
    """What the service of a call does with keys: those that it names, or that of the secret, function or bucket."""
    if question["action"] not in _KEY_USE:
        return
    names = call["names"]
    secret = {"kms:EncryptionContext:SecretARN": names["SecretId"]} if "SecretId" in names else {}
    of = names.get("SecretId") or names.get("FunctionName") or f"arn:aws:s3:::{names.get('Bucket')}"
    used = {name: value for name, value in names.items() if ":key/" in value} or {"": deployed.keys.get(of, "")}
    for name, key in used.items():
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
        as_ = "secretsmanager:CreateSecret" if name == "MasterUserSecretKmsKeyId" else question["action"]
        via, actions = _KEY_USE[as_]
        context = question["context"] | {
            "kms:CallerAccount": question["names"]["account"][0],
            "kms:GrantIsForAWSResource": "true",
            "kms:ViaService": f"{via}.{call['region']}.amazonaws.com",
            **secret,
        }
        for action in actions if ":key/" in key else ():
            resource = {"resource": key} if action.startswith("kms:") else {}
            yield question | {"action": action, "context": context, **resource}


# Parameters that the Service Authorization Reference calls otherwise in ARNs.
_CALLED = {
    "aliasname": "alias", "bucket": "bucketname", "groupid": "securitygroupid", "key": "objectname",
    "networkaclid": "naclid", "rolename": "rolenamewithpath", "targetkeyid": "keyid",
}  # fmt: skip


def _variables(names: Mapping[str, str]) -> dict[str, list[str]]:
    """The names of a call by the variables of ARNs, without those deeper in it."""
    found = defaultdict(list)
    for path, value in names.items():
        name, _, rest = path.lower().partition(".")
        if not value.startswith("arn:") and (not rest or rest.isdigit()):
            name = name.removesuffix("s") if rest else name
            found[_CALLED.get(name, name)].append(value.removeprefix("alias/"))
    return dict(found)


def _context(names: Mapping[str, str], deployed: Deployed) -> dict[str, str]:
    """Keys of conditions that the policies of the platform use, where the call says what they are."""
    role = deployed.roles.get(names.get("RoleName", ""), {})
    found = {
        "cloudwatch:namespace": names.get("Namespace"),
        "iam:AWSServiceName": names.get("AWSServiceName"),
        "iam:PermissionsBoundary": names.get("PermissionsBoundary") or role.get("limit"),
        "iam:PolicyARN": names.get("PolicyArn"),
        "secretsmanager:VersionId": names.get("VersionId"),
        "secretsmanager:resource/AllowRotationLambdaArn": deployed.rotations.get(names.get("SecretId", "")),
    }
    return {key: value for key, value in found.items() if value}
