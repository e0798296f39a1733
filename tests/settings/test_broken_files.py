"""Files that cannot be read, and names that no environment can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import SettingsFiles, settings_text


@pytest.mark.parametrize("tier", ["development", "production"])
def test_the_file_that_the_faults_are_made_in_is_valid(tier: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({}, tier))

    assert files.faults("iot-dev") == []


FILES: dict[str, tuple[bytes, str]] = {
    "TOML syntax error": (b"tier = \n", '"Invalid value (at line 1, column 8)"'),
    "key twice": (b'tier = "a"\ntier = "b"\n', '"Cannot overwrite a value (at line 2, column 11)"'),
    "not UTF-8": (
        b"\xff\xfe",
        "\"'utf-8' codec can't decode byte 0xff in position 0: invalid start byte\"",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_read_says_where(kind: str, tmp_path: Path) -> None:
    content, reason = FILES[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", content)

    assert files.faults("iot-dev") == [
        f"iot-dev.toml: the file = {reason}; allowed: TOML 1.0 in UTF-8; correct the line named"
    ]


PROJECT = "allowed: 2 to 12 lower-case letters and digits, beginning with a letter; correct the value"
STAGE = "allowed: 2 to 8 lower-case letters and digits, beginning with a letter; correct the value"
NAMES = {
    "iot": 'the file\'s name = "iot"; allowed: <project>-<stage>.toml; rename the file',
    "iot-dev-two": 'the file\'s name = "iot-dev-two"; allowed: <project>-<stage>.toml; rename the file',
    "-dev": 'the file\'s name = "-dev"; allowed: <project>-<stage>.toml; rename the file',
    "Iot-dev": f'project = "Iot"; {PROJECT}',
    "i-dev": f'project = "i"; {PROJECT}',
    "abcdefghijklm-dev": f'project = "abcdefghijklm"; {PROJECT}',
    "iot-production": f'stage = "production"; {STAGE}',
    "iot-2": f'stage = "2"; {STAGE}',
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_that_no_environment_can_have(name: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write(name, settings_text({}))

    assert files.faults(name) == [f"{name}.toml: {NAMES[name]}"]


SUFFIX = "2 to 12 lower-case letters, digits and single hyphens, beginning with a letter; correct the value"


@pytest.mark.parametrize(
    "suffix", ["", "a", "a" * 13, "PR-12", "pr-", "-pr", "pr--12", "12", "pr_12", "pr.12", "pr 12", "pr-12\n", "pré"]
)
def test_a_suffix_that_no_name_can_end_with(suffix: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({}))

    (fault,) = files.faults("iot-dev", suffix=suffix)

    assert fault.startswith("the command line: suffix = ")
    assert fault.endswith(f"; allowed: {SUFFIX}")
    assert "\n" not in fault


def test_a_suffix_that_makes_names_too_long_for_a_load_balancer(tmp_path: Path) -> None:
    # GIVEN an environment whose own names fit: abcdefghijkl-entry-abcdef has 25 of 32 characters
    files = SettingsFiles(tmp_path)
    files.write("abcdefghijkl-abcdef", settings_text({}))
    assert files.faults("abcdefghijkl-abcdef", suffix="abcdef") == []

    # WHEN a suffix takes one character more than is left
    faults = files.faults("abcdefghijkl-abcdef", suffix="abcdefg")

    # THEN it is refused
    assert faults == [
        'the command line: suffix = "abcdefg"; allowed: at most 32 characters in '
        "'abcdefghijkl-entry-abcdef-abcdefg', which has 33 (load balancer names); shorten it by 1"
    ]
