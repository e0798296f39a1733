"""A bucket of the tasks: closed, versioned, under a key of its own, emptied as its settings say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import key_policy
from modules.storage import ObjectBucket
from settings.encryption import EncryptionSettings
from settings.service import BucketSettings

NAME = "iot-bucket-exports-dev-111111111111"


def synthesize(*, protected: bool = False, **settings: Any) -> Synthesized:
    return synthesize_module(
        lambda scope: ObjectBucket(
            scope,
            "bucket",
            settings=BucketSettings(**settings),
            encryption=EncryptionSettings(rotation_period_days=180, deletion_window_days=7),
            place=place(protected=protected),
            purpose="exports",
        )
    )


def test_nobody_outside_gets_in_and_no_acl_counts() -> None:
    made = synthesize()
    bucket = made.address("aws_s3_bucket", bucket=NAME)

    closed = made.one("aws_s3_bucket_public_access_block", bucket=f"${{{bucket}.id}}")
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert all(closed[switch] is True for switch in switches)
    assert made.one("aws_s3_bucket_ownership_controls")["rule"] == {"object_ownership": "BucketOwnerEnforced"}
    (denied,) = json.loads(made.one("aws_s3_bucket_policy")["policy"])["Statement"]
    assert (denied["Effect"], denied["Resource"]) == ("Deny", [f"${{{bucket}.arn}}", f"${{{bucket}.arn}}/*"])


def test_objects_are_encrypted_under_a_key_of_their_own_that_s3_uses() -> None:
    made = synthesize()
    key = made.one("aws_kms_key")

    (rule,) = made.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule["apply_server_side_encryption_by_default"] == {
        "sse_algorithm": "aws:kms",
        "kms_master_key_id": f"${{{made.address('aws_kms_key')}.arn}}",
    }
    assert rule["bucket_key_enabled"] is True
    assert key["policy"] == key_policy(place().account, via_services=["s3"])
    assert (key["rotation_period_in_days"], key["deletion_window_in_days"]) == (180, 7)
    assert made.one("aws_kms_alias")["name"] == "alias/iot-bucket-exports-dev"


@pytest.mark.parametrize(("days", "expiration"), [(None, None), (90, [{"days": 90}])])
def test_versions_are_kept_as_long_as_the_settings_say(days: int | None, expiration: object) -> None:
    made = synthesize(noncurrent_version_days=60, expire_after_days=days)

    assert made.one("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    lifecycle = made.one("aws_s3_bucket_lifecycle_configuration")
    (rule,) = lifecycle["rule"]
    assert rule.get("expiration") == expiration
    assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": 60}]
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]
    assert (rule["status"], rule["filter"]) == ("Enabled", [{"prefix": ""}])
    # Rules about versions are refused before there are any.
    assert lifecycle["depends_on"] == [made.address("aws_s3_bucket_versioning")]


@pytest.mark.parametrize("protected", [True, False])
def test_objects_and_their_key_are_kept_where_the_environment_is_protected(protected: bool) -> None:
    made = synthesize(protected=protected)

    for resource in (made.one("aws_s3_bucket"), made.one("aws_kms_key")):
        assert resource.get("lifecycle") == ({"prevent_destroy": True} if protected else None)
    # A bucket with objects in it could not be destroyed.
    assert made.one("aws_s3_bucket")["force_destroy"] is not protected
