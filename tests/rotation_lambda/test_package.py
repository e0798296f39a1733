"""The zip: the same bytes everywhere, and only what belongs in it."""

from __future__ import annotations

import base64
import datetime
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from rotation_support.package import LAMBDA, build, extract


@pytest.fixture(scope="module", params=["arm64", "x86_64"])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return build.build(request.param, tmp_path_factory.mktemp("zip") / f"{request.param}.zip")


def test_two_builds_elsewhere_have_the_same_bytes(package: Any, tmp_path: Path) -> None:
    """From a copy of the sources, touched, in another folder, umask, time zone, locale and hash seed."""
    copy = tmp_path / "copy" / "rotation_lambda"
    shutil.copytree(LAMBDA, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "rotation" / "__pycache__").mkdir()
    (copy / "rotation" / "__pycache__" / "handler.cpython-313.pyc").write_bytes(b"bytecode")
    for file in copy.rglob("*"):
        os.utime(file, (1, 1))
    output = tmp_path / "elsewhere.zip"
    command = [sys.executable, str(copy / "build.py"), "--architecture", package.path.stem]
    done = subprocess.run(
        [
            "sh",
            "-c",
            'umask 077; exec "$@"',
            "sh",
            *command,
            "--output",
            output,
            "--wheels",
            build.DEFAULT_WHEELS,
        ],
        cwd=tmp_path,
        env={**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert output.read_bytes() == package.path.read_bytes()
    assert package.sha256_base64 in done.stdout


def test_hash_is_the_one_terraform_compares(package: Any) -> None:
    digest = hashlib.sha256(package.path.read_bytes()).digest()
    assert package.sha256_base64 == base64.b64encode(digest).decode()


def test_it_begins_with_the_bytes_of_the_wheel(package: Any) -> None:
    wheel = build.find_wheel(build.ARCHITECTURES[package.path.stem], build.DEFAULT_WHEELS, build.REQUIREMENTS)
    with zipfile.ZipFile(wheel) as source:
        entries = source.start_dir
    assert package.path.read_bytes()[:entries] == wheel.read_bytes()[:entries]
    with zipfile.ZipFile(package.path) as archive:
        assert archive.testzip() is None
    # The limit is this project's: a cold start reads the whole zip.
    assert package.path.stat().st_size < 12 * 1024 * 1024


def test_what_is_added_is_sorted_dated_1980_and_never_compressed_here(package: Any) -> None:
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()
    added = [entry for entry in entries if entry.filename.startswith(("rotation/", "certificates/"))]
    assert added == entries[-len(added) :]
    assert [entry.filename for entry in added] == sorted(entry.filename for entry in added)
    for entry in added:
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert (entry.create_system, entry.compress_type) == (3, zipfile.ZIP_STORED)
        assert entry.external_attr >> 16 == 0o100644
    # Lambda runs as a user that owns none of it.
    assert all(entry.external_attr >> 16 & 0o004 for entry in entries)


def test_only_what_belongs_in_it(package: Any) -> None:
    with zipfile.ZipFile(package.path) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {
        "rotation",
        "certificates",
        "psycopg2",
        "psycopg2_binary.libs",
        "psycopg2_binary-2.9.13.dist-info",
    }
    assert {name for name in names if name.startswith("rotation/")} == {
        f"rotation/{file.name}" for file in (LAMBDA / "rotation").glob("*.py")
    }
    assert not [name for name in names if name.endswith(".pyc")]
    assert "psycopg2_binary-2.9.13.dist-info/licenses/LICENSE" in names


def test_every_library_is_for_the_architecture_and_cpython_313(package: Any) -> None:
    machine = {"arm64": 183, "x86_64": 62}[package.path.stem]
    with zipfile.ZipFile(package.path) as archive:
        libraries = {name: archive.read(name) for name in archive.namelist() if ".so" in name}
    assert len(libraries) > 10
    for name, data in libraries.items():
        assert struct.unpack_from("<H", data, 18) == (machine,), name
    extensions = [name for name in libraries if "psycopg2/" in name]
    assert len(extensions) == 1
    assert "cpython-313-" in extensions[0]


def test_unknown_architecture_fails() -> None:
    with pytest.raises(build.BuildError, match="allowed are arm64, x86_64"):
        build.build("mips")


@pytest.mark.parametrize(
    "text",
    [
        "psycopg2-binary==2.9.13\n",
        "psycopg2-binary==2.9.13 --hash=sha256:abc\n",
        "psycopg2-binary>=2.9.13 --hash=sha256:" + "0" * 64 + " --hash=sha256:" + "1" * 64,
        "a==1 --hash=sha256:" + "0" * 64 + " --hash=sha256:" + "1" * 64 + " --no-binary=:all:",
    ],
)
def test_missing_hash_fails(tmp_path: Path, text: str) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(text)
    with pytest.raises(build.BuildError, match="one sha256 hash for each of"):
        build.build("arm64", tmp_path / "x.zip", requirements=requirements)


def test_wheel_with_another_hash_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for file in build.DEFAULT_WHEELS.glob("*aarch64.whl"):
        (wheels / file.name).write_bytes(file.read_bytes() + b"\0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(build.BuildError, match="could not be downloaded"):
        build.build("arm64", tmp_path / "x.zip", wheels)


def test_offline_without_the_wheel_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    arguments = ["--wheels", str(tmp_path / "wheels"), "--output", str(tmp_path / "x.zip")]
    assert build.main(arguments) == 1
    message = capsys.readouterr().err
    assert "manylinux_2_28_aarch64" in message
    assert str(tmp_path / "wheels") in message


def test_download_that_brings_another_wheel_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_download", lambda *_: None)
    with pytest.raises(build.BuildError, match="has a hash of requirements"):
        build.build("x86_64", tmp_path / "x.zip", tmp_path / "wheels")


def test_offline_with_the_wheel_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        assert build.main(["--architecture", "x86_64", "--output", str(tmp_path / "x.zip")]) == 0
    assert "(base64)" in capsys.readouterr().out


def test_architecture_mismatch_fails() -> None:
    arm, intel = (build.ARCHITECTURES[name] for name in ("arm64", "x86_64"))
    wheel = next(build.DEFAULT_WHEELS.glob("*aarch64.whl"))
    with pytest.raises(build.BuildError, match="is no 64-bit library for x86_64"):
        build.check_libraries(wheel, intel)
    build.check_libraries(wheel, arm)


@pytest.mark.parametrize(
    ("name", "machine", "message"),
    [
        ("p/_x.cpython-312-x86_64-linux-gnu.so", 62, "holds no extension module"),
        ("p/_x.cpython-313-x86_64-linux-gnu.so", 40, "is no 64-bit library"),
        ("p/_x.abi3.so", 62, "holds no extension module"),
    ],
)
def test_library_for_another_python_fails(tmp_path: Path, name: str, machine: int, message: str) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(name, b"\x7fELF\x02\x01" + b"\0" * 12 + struct.pack("<H", machine))
    with pytest.raises(build.BuildError, match=message):
        build.check_libraries(wheel, build.ARCHITECTURES["x86_64"])


def test_authorities_match_the_committed_list_and_the_npm_package() -> None:
    pem = build.checked_authorities(LAMBDA / "certificates")
    certificates = x509.load_pem_x509_certificates(pem)
    now = datetime.datetime.now(datetime.UTC)
    assert all(certificate.not_valid_after_utc > now for certificate in certificates)
    listed = (LAMBDA / "certificates" / "fingerprints.txt").read_text()
    assert listed.startswith(f"# {len(certificates)} authorities")
    assert extract.render(certificates) == (pem.decode(), listed)
    assert extract.authorities(extract.SOURCE.read_text(), now) == certificates


def test_extracting_the_authorities_again_writes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "PEM", tmp_path / "a.pem")
    monkeypatch.setattr(extract, "FINGERPRINTS", tmp_path / "b.txt")
    extract.main()
    assert (tmp_path / "a.pem").read_bytes() == (LAMBDA / "certificates" / "rds-ca-roots.pem").read_bytes()
    assert (tmp_path / "b.txt").read_bytes() == (LAMBDA / "certificates" / "fingerprints.txt").read_bytes()


@pytest.mark.parametrize("change", ["one more", "one less", "wrong number"])
def test_authority_that_is_not_listed_fails(tmp_path: Path, change: str, authorities: Path) -> None:
    pem = (LAMBDA / "certificates" / "rds-ca-roots.pem").read_text()
    listed = (LAMBDA / "certificates" / "fingerprints.txt").read_text()
    if change == "one more":
        pem += authorities.read_text()
    elif change == "one less":
        pem = pem[: pem.rindex("-----BEGIN")]
    else:
        listed = listed.replace("# 87 ", "# 86 ")
    (tmp_path / "rds-ca-roots.pem").write_text(pem)
    (tmp_path / "fingerprints.txt").write_text(listed)
    with pytest.raises(build.BuildError, match=r"fingerprints\.txt"):
        build.checked_authorities(tmp_path)
