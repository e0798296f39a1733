"""Secrets in plain text: refused wherever they stand, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

SECRET = "hunter2correct"  # in every value below
LINE = (
    "iot-dev.toml: {} contains a secret; allowed: no secret: files are in Git, and their values in the state; "
    "store it in Secrets Manager, refer to it in service.secrets, and change the secret, which "
    "Git has stored"
)
PEM = f'"""-----BEGIN {{}}-----\\n{SECRET}\\n"""'

# Name of the kind -> (changes, the key that the line names).
KINDS: dict[str, tuple[Changes, str]] = {
    "a key that no setting has": ({"database.master_password": f'"{SECRET}"'}, "database.master_password"),
    "a key at the top": ({"api-token": f'"{SECRET}"'}, "api-token"),
    "a table that no setting has": ({"vault.items": f'[{{secret = "{SECRET}"}}]'}, "vault.items.0.secret"),
    "a list under such a key": ({"passwords.password": f'["{SECRET}"]'}, "passwords.password.0"),
    "a tag": ({"tags.Password": f'"{SECRET}"'}, "tags.Password"),
    "a URL": ({"service.environment.CACHE": f'"rediss://user:{SECRET}@host:6379/0"'}, "service.environment.CACHE"),
    "a URL without a user": ({"service.environment.CACHE": f'"redis://:{SECRET}@host"'}, "service.environment.CACHE"),
    "a URL in the middle": ({"service.command": f'["run", "--db=postgres://a:{SECRET}@b/c"]'}, "service.command.1"),
    "a URL where an image belongs": ({"service.image": f'"https://a:{SECRET}@b/c:1"'}, "service.image"),
    "a subscriber": ({"monitoring.subscribers": f'["https://a:{SECRET}@b.example/"]'}, "monitoring.subscribers.0"),
    "a connection string": (
        {"service.environment.DSN": f'"Server=a;User Id=b;Password={SECRET};"'},
        "service.environment.DSN",
    ),
    "an option": ({"service.migration_command": f'["migrate", "--password={SECRET}"]'}, "service.migration_command.1"),
    "a worker's variable": (
        {"workers.a.command": '["run"]', "workers.a.environment.DB_PASSWORD": f'"{SECRET}"'},
        "workers.a.environment.DB_PASSWORD",
    ),
    "a job's command": (
        {"jobs.a.schedule": '"rate(1 hour)"', "jobs.a.command": f'["run", "--db=postgres://a:{SECRET}@b/c"]'},
        "jobs.a.command.1",
    ),
    "a sidecar's variable": (
        {"service.sidecars": f'[{{preset = "adot", image = "a:1", environment = {{API_TOKEN = "{SECRET}"}}}}]'},
        "service.sidecars.0.environment.API_TOKEN",
    ),
    "a private key": ({"service.environment.TLS": PEM.format("PRIVATE KEY")}, "service.environment.TLS"),
    "an RSA private key": ({"service.environment.TLS": PEM.format("RSA PRIVATE KEY")}, "service.environment.TLS"),
    "a key that the file's name states": ({"stage": f'"redis://:{SECRET}@host"'}, "stage"),
    "a key as a table's name": ({"tags": f'{{"ftp://a:{SECRET}@b" = "x"}}'}, "tags"),
    "an access key of AWS": ({"service.environment.ID": f'"AKIA{"A" * 16} {SECRET}"'}, "service.environment.ID"),
    "a temporary access key": ({"service.environment.ID": f'"ASIA{"A" * 16} {SECRET}"'}, "service.environment.ID"),
    "a token of GitHub": ({"service.environment.ID": f'"ghp_{"a" * 36} {SECRET}"'}, "service.environment.ID"),
}
NAMES = [
    "DB_PASSWORD", "DB_PASS", "DBPASS", "PASSWORD_2", "ADMIN_PWD", "PASSPHRASE", "PAYMENT_API_KEY", "APIKEY",
    "STRIPE_KEY", "ENCRYPTION_KEY", "PRIVATE_KEY", "SECRET_KEY_BASE", "CLIENT_SECRET", "AUTH_TOKEN", "CREDENTIALS",
    "TOKEN_VALUE",
]  # fmt: skip
HARMLESS = [
    "PASSWORD_LENGTH", "TOKEN_URL", "SECRET_NAME", "PUBLIC_KEY", "BYPASS", "KEYBOARD", "MONKEY", "COMPASS", "TOKENIZER",
    "KMS_KEY_ID",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_gives_one_line_that_does_not_show_it(kind: str, tmp_path: Path) -> None:
    changes, key = KINDS[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes))

    assert files.faults("iot-dev") == [LINE.format(key)]


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_whose_name_says_that_it_is_a_secret(name: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({f"service.environment.{name}": f'"{SECRET}"'}))

    assert files.faults("iot-dev") == [LINE.format(f"service.environment.{name}")]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_variable_whose_name_only_sounds_like_one(name: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({f"service.environment.{name}": '"x"'}))

    assert files.faults("iot-dev") == []


def test_references_mounts_and_empty_texts_are_none(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    secret = "arn:aws:secretsmanager:ca-central-1:111111111111:secret:payment-Ab12Cd"
    changes = {
        "service.secrets.PAYMENT_API_KEY": f'"{secret}"',
        "service.environment.OLD_TOKEN": '""',
        "service.environment.SITE": '"https://example.com:8443/a@b"',
        "storage.access_points.secrets": '{path = "/secrets", uid = 1000, gid = 1000}',
        "service.mounts.secrets": '"/mnt/secrets"',
    }
    files.write("iot-dev", settings_text(changes))

    assert files.faults("iot-dev") == []


def test_the_value_of_an_unknown_key_or_table_is_not_shown(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    changes = {
        "database.mistyped": f'"{SECRET}"',
        "project": f'{{mistyped = "{SECRET}"}}',
        "mistyped.inside": f'"{SECRET}"',
        "region": f'{{mistyped = "{SECRET}"}}',
        "service.command": f'[[{{mistyped = "{SECRET}"}}]]',
        "api.routes": f'[{{path = "/", methods = {{a = "{SECRET}"}}}}]',
    }
    files.write("iot-dev", settings_text(changes))

    faults = files.faults("iot-dev")

    assert len(faults) == len(changes)
    assert [fault for fault in faults if SECRET in fault] == []


def test_a_secret_in_a_tiers_file_is_said_to_be_there(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    tier = tmp_path / "tiers" / "development.toml"
    tier.write_text(tier.read_text().replace("[database]", f'[database]\npassword = "{SECRET}"'))
    files.write("iot-dev", settings_text({}))

    assert files.faults("iot-dev") == [
        LINE.format("database.password").replace("iot-dev.toml", "tiers/development.toml")
    ]


def test_a_long_text_is_looked_through_at_once(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({"service.environment.A": f'"{"a+" * 500_000}"'}))

    assert files.faults("iot-dev") == []
