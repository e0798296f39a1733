"""Inputs that a person makes by mistake or out of malice: one line each, exit code 2, and nothing is written."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

import main
from settings import load

VALID = settings_text({})
UNREADABLE = "allowed: TOML 1.0 in UTF-8"
LINE = f"{UNREADABLE}; correct the line named"
CORRECT = "correct the value"
DEEP = f'iot-dev.toml: the file = "tables and lists nested more than 7 deep{{}}"; {UNREADABLE}; correct it'
LARGE = f'iot-dev.toml: the file = "a whole number of more than 64 bits ({{}})"; {UNREADABLE}; correct it'
NO_FILE = f'iot-dev.toml: the file = "it is not a regular file"; {UNREADABLE}; put one in its place'
PERCENT = f"allowed: threshold for 5xx responses, in percent of all requests, more than 0 and less than 100; {CORRECT}"
ACCOUNT = f"allowed: the AWS account id: 12 digits in quotes; {CORRECT}"
FULL_WIDTH, ARABIC = "\\uff11" * 12, "\\u0661" * 12
DATABASE = f"allowed: 1 to 63 lower-case letters, digits and _, beginning with a letter; {CORRECT}"
VARIABLE = f"allowed: an environment variable name; {CORRECT}"
VPC = (
    "allowed: a private IPv4 block without host bits, from /16 (the largest VPC) to /22 (smaller ones have too few "
    f"addresses for Fargate and Lambda), e.g. 10.20.0.0/16; {CORRECT}"
)
DATE = "allowed: no date or time: no setting has this type; put the value in quotes"


def toml(reason: str) -> str:
    return f'iot-dev.toml: the file = "{reason}"; {LINE}'


# What the whole file is -> the line.
CONTENTS: dict[str, tuple[bytes, str]] = {
    "NUL at its end": (VALID.encode() + b"\0", toml("Invalid statement (at line 17, column 1)")),
    "Latin-1 in a comment": (
        VALID.encode() + b"# caf\xe9 \n",
        toml(
            f"'utf-8' codec can't decode byte 0xe9 in position {len(VALID.encode()) + 5}: invalid continuation b..."
        ).replace('..."', "..."),
    ),
    "line ends of an old Mac": (
        VALID.replace("\n", "\r").encode(),
        toml("Expected newline or end of document after a statement (at line 1, column 21)"),
    ),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + VALID.encode(), toml("Invalid statement (at line 1, column 1)")),
    "UTF-16": (VALID.encode("utf-16"), toml("'utf-8' codec can't decode byte 0xff in position 0: invalid start byte")),
    "a text without an end": (b'tier = "development', toml("Unterminated string (at end of document)")),
    "half of a surrogate pair": (
        VALID.encode() + b'x = "\\ud800"',
        toml("Escaped character is not a Unicode scalar value (at line 17, column 12)"),
    ),
    "lists 5,000 deep": (b"a = " + b"[" * 5000 + b"]" * 5000, DEEP.format("")),
    "inline tables 5,000 deep": (b"a = " + b"{a=" * 5000 + b"1" + b"}" * 5000, DEEP.format("")),
    "a dotted key of 100 parts": (b".".join([b"a"] * 100) + b" = 1", DEEP.format(" (in a.a.a.a.a.a.a.a)")),
    "a number of 5,000 digits": (b"\n\na = " + b"1" * 5000, LARGE.format("at line 3")),
    "a negative number of 65 bits": (b"[tags]\na = -9223372036854775809", LARGE.format("in tags.a")),
    "a hexadecimal number of a megabyte": (b"a = [0x" + b"f" * 1_000_000 + b"]", LARGE.format("in a.0")),
    "a number that begins with 0": (
        b"port = 08080",
        toml("Expected newline or end of document after a statement (at line 1, column 9)"),
    ),
    "True as Python writes it": (b"protected = True", toml("Invalid value (at line 1, column 13)")),
    "a key in Cyrillic without quotes": (b"\xd1\x80 = 1", toml("Invalid statement (at line 1, column 1)")),
    "one table twice": (
        VALID.encode() + b"[network]\n",
        toml("Cannot declare ('network',) twice (at line 17, column 9)"),
    ),
    "a table as a list of tables": (
        VALID.encode() + b"[[network]]\n",
        toml("Cannot overwrite a value (at line 17, column 10)"),
    ),
    "a closed inline table opened again": (
        b"a = {b = 1}\na.c = 2",
        toml("Cannot mutate immutable namespace ('a',) (at end of document)"),
    ),
    "nothing": (b"", 'iot-dev.toml: tier is missing; allowed: "development" or "production"; add it'),
    "a lone comment": (b"# later", 'iot-dev.toml: tier is missing; allowed: "development" or "production"; add it'),
}

# What stands in the place of the file -> the line.
PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (lambda path: path.mkdir(), NO_FILE),
    "a link to itself": (lambda path: path.symlink_to(path), NO_FILE),
    "a link to nothing": (lambda path: path.symlink_to(path.with_name("gone")), NO_FILE),
    "a named pipe": (os.mkfifo, NO_FILE),
    "a device without an end": (lambda path: path.symlink_to("/dev/zero"), NO_FILE),
}

# Single values of a valid file -> the line.
VALUES: dict[str, tuple[Changes, str]] = {
    "a date as a variable": (
        {"service.environment.RELEASE": "2024-01-01"},
        f'service.environment.RELEASE = "2024-01-01"; {DATE}',
    ),
    "a moment as a tag": (
        {"tags": "{since = 1979-05-27T07:32:00Z}"},
        f'tags.since = "1979-05-27 07:32:00+00:00"; {DATE}',
    ),
    "a time as a command": ({"service.command": '["run", 07:32:00]'}, f'service.command.1 = "07:32:00"; {DATE}'),
    "a date as an account": ({"account_id": "1979-05-27"}, f'account_id = "1979-05-27"; {ACCOUNT}'),
    "a number as a variable": (
        {"service.environment.WORKERS": "4"},
        "service.environment.WORKERS = 4; allowed: environment variables and their values; must not contain "
        f"secrets; {CORRECT}",
    ),
    "infinity": ({"monitoring.api_errors_percent": "inf"}, f"monitoring.api_errors_percent = Infinity; {PERCENT}"),
    "no number": ({"monitoring.api_errors_percent": "-nan"}, f"monitoring.api_errors_percent = NaN; {PERCENT}"),
    "a number too small for a float": (
        {"monitoring.api_errors_percent": "1e-400"},
        f"monitoring.api_errors_percent = 0.0; {PERCENT}",
    ),
    "a number too large for a float": (
        {"monitoring.api_errors_percent": "1e400"},
        f"monitoring.api_errors_percent = Infinity; {PERCENT}",
    ),
    "the largest number of TOML": (
        {"api.plans.default.quota_per_month": "9223372036854775807"},
        "api.plans.default.quota_per_month = 9223372036854775807; allowed: requests per month for each client, 1 to "
        f"2147483647; absent means no quota; {CORRECT}",
    ),
    "fewer tasks than none": (
        {"service.min_count": "-1"},
        f"service.min_count = -1; allowed: minimum number of tasks, 1 to 1000; {CORRECT}",
    ),
    "a region with Cyrillic letters": (
        {"region": '"\\u0441\\u0430-central-1"'},
        f'region = "\\u0441\\u0430-central-1"; allowed: a region\'s code such as ca-central-1; {CORRECT}',
    ),
    "full-width digits": ({"account_id": f'"{FULL_WIDTH}"'}, f'account_id = "{FULL_WIDTH}"; {ACCOUNT}'),
    "Arabic digits": ({"account_id": f'"{ARABIC}"'}, f'account_id = "{ARABIC}"; {ACCOUNT}'),
    "a space of no width": ({"database.name": '"tele\\u200bmetry"'}, f'database.name = "tele\\u200bmetry"; {DATABASE}'),
    "a line break at the end": ({"database.name": '"telemetry\\n"'}, f'database.name = "telemetry\\n"; {DATABASE}'),
    "a text of 100,000 characters": (
        {"database.name": f'"{"a" * 100_000}"'},
        f'database.name = "{"a" * 76}...; {DATABASE}',
    ),
    "letters that turn the direction": (
        {"tags.owner": '"a\\u202eb"'},
        'tags.owner = "a\\u202eb"; allowed: a text of at most 256 letters, digits, spaces and + - = . _ : / @; '
        + CORRECT,
    ),
    "a variable without a name": ({"service.environment": '{"" = "x"}'}, f'service.environment."" = ""; {VARIABLE}'),
    "NUL in a name": (
        {"service.environment": '{"A\\u0000" = "x"}'},
        f'service.environment."A\\u0000" = "A\\u0000"; {VARIABLE}',
    ),
    "a line break in a name": (
        {"service.environment": '{"A\\nB" = "x"}'},
        f'service.environment."A\\nB" = "A\\nB"; {VARIABLE}',
    ),
    "a list in a list": (
        {"zones": '[["ca-central-1a"], "ca-central-1b"]'},
        f'zones.0 = ["ca-central-1a"]; allowed: a zone\'s name such as ca-central-1a; {CORRECT}',
    ),
    "a table for a text": (
        {"region": '{name = "ca-central-1"}'},
        f"region is a table; allowed: a region's code such as ca-central-1; {CORRECT}",
    ),
    "a table for a list": (
        {"zones": '{a = "b"}'},
        f"zones is a table; allowed: 2 or 3 availability zones of the region; {CORRECT}",
    ),
    "one table for a list of tables": (
        {"api.routes": '{path = "/", methods = ["GET"]}'},
        f"api.routes is a table; allowed: one or more [[api.routes]] tables; {CORRECT}",
    ),
    "no route": ({"api.routes": "[]"}, f"api.routes = []; allowed: one or more [[api.routes]] tables; {CORRECT}"),
    "IPv6 for the VPC": ({"network.cidr": '"fd00::/16"'}, f'network.cidr = "fd00::/16"; {VPC}'),
    "a prefix below zero": ({"network.cidr": '"10.20.0.0/-16"'}, f'network.cidr = "10.20.0.0/-16"; {VPC}'),
    "a space before a block": ({"network.cidr": '" 10.20.0.0/16"'}, f'network.cidr = " 10.20.0.0/16"; {VPC}'),
    "octal parts of an address": ({"network.cidr": '"010.20.0.0/16"'}, f'network.cidr = "010.20.0.0/16"; {VPC}'),
    "IPv6 with host bits": (
        {"api.allowed_cidrs": '["2001:db8::1/32"]'},
        'api.allowed_cidrs = "2001:db8::1/32"; allowed: blocks without host bits; correct the block',
    ),
    "a prefix of 33 bits": (
        {"api.allowed_cidrs": '["192.0.2.0/33"]'},
        'api.allowed_cidrs = "192.0.2.0/33"; allowed: blocks without host bits; correct the block',
    ),
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SettingsFiles:
    """Settings files that `main` reads, beside the output of an earlier synthesis."""
    (tmp_path / "settings").mkdir()
    made = SettingsFiles(tmp_path / "settings")
    monkeypatch.setattr(main, "load", functools.partial(load, directory=made.directory))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    (tmp_path / "cdktf.out").mkdir()
    (tmp_path / "cdktf.out" / "manifest.json").write_text("earlier")
    return made


def refused(files: SettingsFiles, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a synthesis, which writes nothing."""
    assert main.main(["--env", "iot-dev", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("\n")
    assert printed.err.count("\n") == 1
    out = files.directory.parent / "cdktf.out"
    assert [(path.name, path.read_text()) for path in out.iterdir()] == [("manifest.json", "earlier")]
    return printed.err.rstrip("\n").replace(f"{files.directory}/", "")


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_file_that_is(kind: str, files: SettingsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    content, line = CONTENTS[kind]
    files.write("iot-dev", content)

    assert refused(files, capsys) == line


@pytest.mark.parametrize("kind", PLACES)
def test_in_the_place_of_the_file(kind: str, files: SettingsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    make, line = PLACES[kind]
    make(files.directory / "iot-dev.toml")

    assert refused(files, capsys) == line


def test_a_file_that_may_not_be_read(
    files: SettingsFiles, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a refusal of the operating system, which root would not meet
    path = files.write("iot-dev", VALID)

    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert refused(files, capsys) == (f'iot-dev.toml: the file = "Permission denied"; {UNREADABLE}; make it readable')


@pytest.mark.parametrize("kind", PLACES)
def test_in_the_place_of_another_environments_file(kind: str, files: SettingsFiles) -> None:
    files.write("iot-dev", VALID)
    PLACES[kind][0](files.directory / "iot-prod.toml")

    assert files.faults("iot-dev") == []


@pytest.mark.parametrize("kind", PLACES)
def test_in_the_place_of_the_tier(kind: str, files: SettingsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    files.write("iot-dev", VALID)
    tier = files.directory / "tiers" / "development.toml"
    tier.unlink()
    PLACES[kind][0](tier)

    assert refused(files, capsys) == NO_FILE.replace("iot-dev.toml", "tiers/development.toml")


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_that_is(kind: str, files: SettingsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    changes, line = VALUES[kind]
    files.write("iot-dev", settings_text(changes))

    assert refused(files, capsys) == f"iot-dev.toml: {line}"


def test_a_suffix_that_is_no_text(files: SettingsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    files.write("iot-dev", VALID)

    # Python hands on a byte of the command line that is no UTF-8 like this.
    line = refused(files, capsys, "--suffix", "pr\udcff")

    assert line.startswith('the command line: suffix = "pr?"; allowed: ')


def test_the_name_of_an_environment_with_a_line_break(files: SettingsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    files.write("iot-dev", VALID)

    line = refused(files, capsys, "--env", "iot\ndev")

    assert line.endswith("iot\\ndev.toml': the file is missing; allowed: iot-dev; name one of them, or write the file")


def test_a_byte_order_mark_is_skipped(files: SettingsFiles) -> None:
    files.write("iot-dev", b"\xef\xbb\xbf" + VALID.encode())

    assert files.faults("iot-dev") == []


def test_there_are_fifty_of_them() -> None:
    assert len(CONTENTS) + len(PLACES) + len(VALUES) >= 50
