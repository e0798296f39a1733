"""The state bucket and the image repository."""

from __future__ import annotations

import json

import pytest
from synthesized import Synthesized, synthesize_module

from modules.account import ImageRepository, StateBucket
from settings.state import StateSettings


@pytest.fixture(scope="module")
def state() -> Synthesized:
    """A state bucket."""
    return synthesize_module(
        lambda scope: StateBucket(
            scope,
            "state",
            settings=StateSettings(noncurrent_version_days=90),
            name="iot-state-dev-1",
            key_arn="arn:key",
        )
    )


def test_terraform_never_destroys_the_state_bucket(state: Synthesized) -> None:
    bucket = state.one("aws_s3_bucket", bucket="iot-state-dev-1")

    assert bucket["lifecycle"] == {"prevent_destroy": True}
    assert not bucket.get("force_destroy")


def test_overwritten_states_can_be_restored_for_a_time_and_current_ones_never_expire(state: Synthesized) -> None:
    assert state.one("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    (rule,) = state.one("aws_s3_bucket_lifecycle_configuration")["rule"]
    assert rule["status"] == "Enabled"
    assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": 90}]
    assert "expiration" not in rule


def test_versions_expire_only_where_versions_are_kept_and_the_policy_waits_for_the_block(state: Synthesized) -> None:
    """S3 refuses a policy and a public access block that are written at the same time."""
    lifecycle, policy = state.one("aws_s3_bucket_lifecycle_configuration"), state.one("aws_s3_bucket_policy")

    assert lifecycle["depends_on"] == [state.address("aws_s3_bucket_versioning")]
    assert policy["depends_on"] == [state.address("aws_s3_bucket_public_access_block")]


def test_locks_can_be_deleted_because_there_is_no_object_lock(state: Synthesized) -> None:
    assert not state.all("aws_s3_bucket_object_lock_configuration")
    assert "object_lock_enabled" not in state.one("aws_s3_bucket")


def test_states_are_encrypted_with_the_given_key(state: Synthesized) -> None:
    (rule,) = state.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]

    assert rule["apply_server_side_encryption_by_default"] == {
        "sse_algorithm": "aws:kms",
        "kms_master_key_id": "arn:key",
    }
    assert rule["bucket_key_enabled"] is True


def test_the_state_bucket_is_never_public(state: Synthesized) -> None:
    block = state.one("aws_s3_bucket_public_access_block")

    for switch in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
        assert block[switch] is True, switch
    assert state.one("aws_s3_bucket_ownership_controls")["rule"] == {"object_ownership": "BucketOwnerEnforced"}


def test_the_state_bucket_answers_by_tls_only(state: Synthesized) -> None:
    bucket = state.address("aws_s3_bucket")
    (deny,) = json.loads(state.one("aws_s3_bucket_policy")["policy"])["Statement"]

    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:*"])
    assert deny["Resource"] == [f"${{{bucket}.arn}}", f"${{{bucket}.arn}}/*"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_setting_is_the_same_buckets(state: Synthesized) -> None:
    bucket = f"${{{state.address('aws_s3_bucket')}.id}}"

    settings = [address.split(".")[0] for address in state.addresses if not address.startswith("aws_s3_bucket.")]
    assert {state.one(type_)["bucket"] for type_ in settings} == {bucket}


def repository(*, protected: bool) -> Synthesized:
    """An image repository."""
    return synthesize_module(
        lambda scope: ImageRepository(scope, "images", name="iot-service-dev", key_arn="arn:key", protected=protected)
    )


def test_images_are_scanned_encrypted_and_their_tags_never_move() -> None:
    found = repository(protected=True).one("aws_ecr_repository", name="iot-service-dev")

    assert found["image_tag_mutability"] == "IMMUTABLE"
    assert found["image_scanning_configuration"] == {"scan_on_push": True}
    assert found["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": "arn:key"}]


def test_a_protected_repository_stays_and_another_goes_with_its_images() -> None:
    kept = repository(protected=True).one("aws_ecr_repository")
    assert kept["lifecycle"] == {"prevent_destroy": True}
    assert kept["force_delete"] is False

    let_go = repository(protected=False).one("aws_ecr_repository")
    assert "lifecycle" not in let_go
    assert let_go["force_delete"] is True


def test_the_last_hundred_images_are_kept() -> None:
    stack = repository(protected=True)
    policy = stack.one("aws_ecr_lifecycle_policy")

    (rule,) = json.loads(policy["policy"])["rules"]
    assert rule["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100}
    assert rule["action"] == {"type": "expire"}
    assert policy["repository"] == f"${{{stack.address('aws_ecr_repository')}.name}}"
