"""Rules of the service: each with a value that breaks it, and the ones just inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from rules_said import said
from settings_files import SettingsFiles, settings_text

from settings import load
from settings.service import FARGATE_MEMORY, EcrRepository, ServiceSettings, SidecarSettings, VolumeSettings
from settings.storage import AccessPointSettings

CERTIFICATE = "arn:aws:acm:{}:333333333333:certificate/12345678-1234-1234-1234-123456789012"
SECRET = "arn:aws:secretsmanager:ca-central-1:333333333333:secret:payment-Ab12Cd"
MEDIA = {"media": AccessPointSettings(path="/media", uid=1000, gid=1000)}
NO_NAT = {"nat": "none", "interface_endpoints": ("secretsmanager", "monitoring", "logs", "ecr.api", "ecr.dkr")}
CLOSED: dict[str, Any] = {"outbound": (), "tracing": False, "exec": False}
LOGIN: dict[str, Any] = {"secrets": {"DATABASE_PASSWORD": "database:password"}, "redeploy_after_rotation": True}


@pytest.mark.parametrize(
    ("changed", "parts", "line"),
    [
        (
            {"cpu": 256, "memory_mb": 4096},
            {},
            "service.memory_mb = 4096: with cpu = 256: 512, 1024, 2048; choose one of them",
        ),
        ({"min_count": 3, "max_count": 2}, {}, "service.max_count = 2: 3 or more; raise it"),
        (
            {"certificate_arn": CERTIFICATE.format("us-east-1")},
            {},
            f"service.certificate_arn = {CERTIFICATE.format('us-east-1')}: a certificate of ca-central-1; "
            "request one in that region",
        ),
        (
            {**CLOSED, "image": "registry.example.com/app:1"},
            {"network": NO_NAT},
            "service.image = registry.example.com/app:1: an image in ECR of ca-central-1, unless service.outbound = "
            '"https"; copy the image there',
        ),
        (
            {**CLOSED, "image": "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:1"},
            {"network": NO_NAT},
            "service.image = 111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:1: an image in ECR of ca-central-1, "
            'unless service.outbound = "https"; copy the image there',
        ),
        (
            {"mounts": {"meida": "/mnt/media"}},
            {"storage": {"access_points": MEDIA}},
            "service.mounts.meida = /mnt/media: names of [storage.access_points]: media; "
            "correct the name, or add the access point",
        ),
        (
            {"mounts": {"media": "/mnt/media"}},
            {"storage": {"access_points": {}}},
            "service.mounts.media = /mnt/media: names of [storage.access_points]: there is none; "
            "correct the name, or add the access point",
        ),
        (
            {"mounts": {"media": "/tmp/media"}},
            {"storage": {"access_points": MEDIA}},
            "service.scratch_paths = /tmp: a directory neither inside nor around /tmp/media; choose another",
        ),
        (
            {"scratch_paths": ("/tmp", "/tmp")},
            {},
            "service.scratch_paths = /tmp: a directory neither inside nor around /tmp; choose another",
        ),
        (
            {"scratch_paths": ("/var/log",)},
            {},
            "service.scratch_paths = /var/log: a directory neither inside nor around /var/log/amazon/ssm; "
            "choose another",
        ),
        (
            {"volume": VolumeSettings(path="/tmp/work", size_gb=1)},
            {},
            "service.volume.path = /tmp/work: a directory neither inside nor around /tmp; choose another",
        ),
        (
            {"sidecars": (SidecarSettings(name="service", image="a:1"),)},
            {},
            "service.sidecars.0.name = service: a unique name; choose another",
        ),
        (
            {"sidecars": (SidecarSettings(name="a", image="a:1"), SidecarSettings(name="a", image="b:1"))},
            {},
            "service.sidecars.1.name = a: a unique name; choose another",
        ),
        (
            {"environment": {"QUEUE_ORDERS_URL": "elsewhere"}},
            {},
            "service.environment.QUEUE_ORDERS_URL = QUEUE_ORDERS_URL: a name that the platform does not set; "
            "choose another name",
        ),
        (
            {"secrets": {"BUCKET_EXPORTS_NAME": SECRET}},
            {},
            "service.secrets.BUCKET_EXPORTS_NAME = BUCKET_EXPORTS_NAME: a name that the platform does not set; "
            "choose another name",
        ),
        (
            {"environment": {"DATABASE_HOST": "elsewhere"}},
            {},
            "service.environment.DATABASE_HOST = DATABASE_HOST: a name that the platform does not set; "
            "choose another name",
        ),
        (
            {"secrets": {"REDIS_HOST": SECRET}},
            {},
            "service.secrets.REDIS_HOST = REDIS_HOST: a name that the platform does not set; choose another name",
        ),
        (
            {"secrets": {"PAYMENT": SECRET}, "environment": {"PAYMENT": "x"}},
            {},
            "service.secrets.PAYMENT = PAYMENT: each variable once; delete it here or in environment",
        ),
        (
            {**LOGIN, "redeploy_after_rotation": False},
            {},
            "service.redeploy_after_rotation = False: true while service.secrets hands out the database login; "
            "set it, for tasks would keep a login that is rotated away; or let the service read the secret itself",
        ),
        (
            {"database_iam_user": "reporting"},
            {"database": {"iam_authentication": False}},
            "service.database_iam_user = reporting: only with database.iam_authentication = true; "
            "set that, or delete it",
        ),
        (
            {"database_iam_user": "application"},
            {},
            "service.database_iam_user = application: a role other than application, application_blue, "
            "application_green, platform_owner: those have passwords; choose another",
        ),
    ],
)
def test_a_broken_rule_says_what_to_do(changed: dict[str, Any], parts: dict[str, dict[str, Any]], line: str) -> None:
    assert said(changed, parts) == [line]


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"certificate_arn": CERTIFICATE.format("ca-central-1")}, {}),
        ({**CLOSED, "image": "111111111111.dkr.ecr.ca-central-1.amazonaws.com/app:1"}, {"network": NO_NAT}),
        ({"image": "registry.example.com/app:1"}, {"network": {"nat": "single"}}),
        ({"mounts": {"media": "/tmpfiles"}}, {"storage": {"access_points": MEDIA}}),
        ({"scratch_paths": ()}, {}),
        ({"scratch_paths": ("/var/log",), "exec": False}, {}),
        ({"volume": VolumeSettings(path="/tmpfiles", size_gb=1)}, {}),
        ({"sidecars": (SidecarSettings(name="a", image="a:1"), SidecarSettings(name="b", image="a:1"))}, {}),
        ({"environment": {"SECRET_ARN": "arn", "PORTS": "1", "TOKEN_LIFETIME": "60"}}, {}),
        ({**LOGIN, "secrets": {**LOGIN["secrets"], "DATABASE_USERNAME": "database:username"}}, {}),
        ({"secrets": {"PAYMENT_TOKEN": SECRET}}, {}),
        ({"database_iam_user": "reporting"}, {}),
    ],
)
def test_a_value_just_inside_is_let_through(changed: dict[str, Any], parts: dict[str, dict[str, Any]]) -> None:
    assert said(changed, parts) == []


@pytest.mark.parametrize(
    ("cpu", "count"), [(256, 3), (512, 4), (1024, 7), (2048, 13), (4096, 23), (8192, 12), (16384, 12)]
)
def test_every_pair_of_fargates_table_is_let_through(cpu: int, count: int) -> None:
    assert len(FARGATE_MEMORY[cpu]) == count
    for memory in FARGATE_MEMORY[cpu]:
        assert said({"cpu": cpu, "memory_mb": memory}) == []
    # Twice to eight times the CPU units, as the whole table has it.
    assert FARGATE_MEMORY[cpu][0] == 2 * cpu
    assert FARGATE_MEMORY[cpu][-1] <= 8 * cpu


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        (
            "secrets.LOGIN",
            '"payment"',
            '"database:<JSON key>" (the application\'s database secret) or the ARN of a secret, optionally with '
            ":<JSON key>",
        ),
        ("secret_key_arns", '["alias/payment"]', "the ARN of a KMS key"),
        ("mounts.media", '"mnt"', "an absolute directory in the container, e.g. /mnt/media"),
        ("scratch_paths", '["/tmp/"]', "an absolute directory in the container, e.g. /mnt/media"),
        ("database_iam_user", '"Reporting"', "a PostgreSQL role of 1 to 63 lower-case letters, digits and _"),
        ("migration_timeout_minutes", "0", "minutes before a migration is stopped, 1 to 720"),
        (
            "health_check_grace_seconds",
            "3601",
            "seconds after the start of a task during which failed health checks are ignored, 0 to 3600",
        ),
        (
            "container_insights",
            '"disabled"',
            '"enhanced" (metrics per task) or "enabled" (metrics of the cluster and the service)',
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_one_line(key: str, value: str, allowed: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({f"service.{key}": value}))
    where = f"service.{key}.0" if value.startswith("[") else f"service.{key}"

    assert files.faults("iot-dev") == [
        f"iot-dev.toml: {where} = {value.strip('[]')}; allowed: {allowed}; correct the value"
    ]


@pytest.mark.parametrize(
    "reference", ["database", "database:", "payment", SECRET.removesuffix("-Ab12Cd"), f"{SECRET}:key:", "database:Key"]
)
def test_a_secret_is_the_databases_key_or_an_arn(reference: str) -> None:
    with pytest.raises(ValidationError):
        _service(secrets={"LOGIN": reference})
    for good in ("database:password", SECRET, f"{SECRET}:key"):
        assert _service(secrets={"LOGIN": good}).secrets == {"LOGIN": good}


@pytest.mark.parametrize("path", ["mnt", "/", "/mnt/", "/mnt/..", "/mnt/../etc", "//mnt", "/a b"])
def test_directories_are_absolute_and_plain(path: str) -> None:
    for changed in ({"mounts": {"media": path}}, {"scratch_paths": (path,)}):
        with pytest.raises(ValidationError):
            _service(**changed)


def _service(**changed: Any) -> ServiceSettings:
    return ServiceSettings.model_validate({**load("iot-dev").service.model_dump(), **changed})


def test_the_repository_is_read_from_the_image() -> None:
    image = "111111111111.dkr.ecr.ca-central-1.amazonaws.com/team/app"
    for ending in (":1", f"@sha256:{'0' * 64}"):
        assert _service(image=image + ending).ecr_repository == EcrRepository(
            "111111111111", "ca-central-1", "team/app"
        )
    assert _service(image="public.ecr.aws/team/app:1").ecr_repository is None
