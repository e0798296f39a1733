"""Policies that AWS keeps by what they mean, and moto by their text."""

from __future__ import annotations

import json

from tests.tools.local.emulator.conftest import REGION, Client
from tools.local.emulator.policies import saved

_GIVEN = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "b",
            "Effect": "Allow",
            "Principal": {"AWS": ["222222222222"]},
            "Action": ["s3:PutObject", "s3:GetObject"],
        },
        {
            "Sid": "a",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
        },
    ],
}
_SAVED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "b",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": ["s3:GetObject", "s3:PutObject"],
        },
        {
            "Sid": "a",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ],
}


def test_what_a_policy_means_is_kept() -> None:
    assert json.loads(saved(json.dumps(_GIVEN))) == _SAVED
    assert saved("no policy") == "no policy"


def test_a_bucket_answers_it_so(client: Client, name: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_GIVEN))

    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == _SAVED


def test_a_role_answers_its_services_in_another_order(client: Client, name: str) -> None:
    iam = client("iam")

    def trusts(*services: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": ["sts:AssumeRole"]}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts("b.amazonaws.com", "a.amazonaws.com"))
    (made,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusts("b.amazonaws.com"))
    (changed,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]

    assert made["Principal"] == {"Service": ["a.amazonaws.com", "b.amazonaws.com"]}
    assert made["Action"] == "sts:AssumeRole"
    assert changed["Principal"] == {"Service": "b.amazonaws.com"}
