"""Build the Lambda's zip, with the same bytes on every machine.

    python rotation_lambda/build.py [--architecture arm64|x86_64] [--output PATH] [--wheels FOLDER]

The zip holds the package `rotation`, the RDS certificate authorities, and psycopg2 for CPython 3.13 on the
chosen architecture. Wheels are kept in
`build/wheels`; when the locked one is there, nothing is downloaded. Entries are sorted and dated 1980.
Nothing is compressed here, because different versions of zlib compress to different bytes: what comes from
the wheel keeps the compressed bytes that it has there, under its locked hash, and the rest is stored.

A wheel whose hash is not in `requirements.txt`, a library for another architecture or another Python, and
an authority that is not in `certificates/fingerprints.txt` fail the build.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import ssl
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
DEFAULT_ARCHITECTURE = "arm64"
DEFAULT_WHEELS = PROJECT / "build" / "wheels"
REQUIREMENTS = HERE / "requirements.txt"
CERTIFICATES = HERE / "certificates"
PYTHON = "313"
"""The Lambda runtime python3.13, as wheels name it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Architecture:
    """What the Lambda service's name of an architecture means to pip and in a library's header."""

    machine: str
    platform: str
    """The wheel's exact tag: with a narrower one, pip silently falls back to an older release."""
    elf_machine: int


ARCHITECTURES: Mapping[str, Architecture] = {
    "arm64": Architecture("aarch64", "manylinux_2_28_aarch64", 183),
    "x86_64": Architecture("x86_64", "manylinux2014_x86_64", 62),
}


class BuildError(Exception):
    """The zip cannot be built; the message says what is missing or wrong."""


@dataclass(frozen=True)
class Package:
    """A built zip. `sha256_base64` is what Terraform's `source_code_hash` and Lambda's CodeSha256 hold."""

    path: Path
    sha256_base64: str
    sha256: str
    size: int


def build(
    architecture: str = DEFAULT_ARCHITECTURE,
    output: Path | None = None,
    wheels: Path = DEFAULT_WHEELS,
    *,
    requirements: Path = REQUIREMENTS,
    certificates: Path = CERTIFICATES,
) -> Package:
    """Build the zip for `architecture` and write it to `output` (default
    `build/rotation-<architecture>.zip`).
    """
    if architecture not in ARCHITECTURES:
        raise BuildError(f"architecture {architecture!r}: allowed are {', '.join(ARCHITECTURES)}")
    target = ARCHITECTURES[architecture]
    name, hashes = locked(requirements)
    wheel = find_wheel(name, hashes, target, wheels, requirements)
    content = wheel_content(wheel, target)
    content |= {f"rotation/{file.name}": file.read_bytes() for file in sorted((HERE / "rotation").glob("*.py"))}
    content["certificates/rds-ca-roots.pem"] = checked_authorities(certificates)
    path = output or PROJECT / "build" / f"rotation-{architecture}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, content, _compressed(wheel))
    digest = hashlib.sha256(path.read_bytes())
    return Package(path, base64.b64encode(digest.digest()).decode(), digest.hexdigest(), path.stat().st_size)


def locked(requirements: Path) -> tuple[str, frozenset[str]]:
    """The one requirement (`name==version`) and the hashes of its wheels."""
    text = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*$", "", requirements.read_text())).strip()
    names = re.findall(r"(?m)^([A-Za-z0-9._-]+==[A-Za-z0-9.]+)(?=\s|$)", text)
    hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)", text))
    if len(names) != 1 or len(hashes) != len(ARCHITECTURES) or len(text.split()) != 1 + len(hashes):
        raise BuildError(
            f"{requirements.name} must hold one name==version with one sha256 hash for each of "
            f"{', '.join(ARCHITECTURES)}"
        )
    return names[0], hashes


def find_wheel(name: str, hashes: frozenset[str], target: Architecture, wheels: Path, requirements: Path) -> Path:
    """The locked wheel for `target` from the folder `wheels`, downloaded into it when it is not there."""
    found = _cached(name, hashes, target, wheels)
    if found is None:
        wheels.mkdir(parents=True, exist_ok=True)
        _download(target, wheels, requirements)
        found = _cached(name, hashes, target, wheels)
    if found is None:
        raise BuildError(f"no wheel of {name} for cp{PYTHON} and {target.platform} has a hash of {requirements.name}")
    return found


def _cached(name: str, hashes: frozenset[str], target: Architecture, wheels: Path) -> Path | None:
    prefix = name.replace("-", "_").replace("==", "-") + f"-cp{PYTHON}-cp{PYTHON}-"
    for file in sorted(wheels.glob(f"{prefix}*.whl")):
        platforms = file.stem.removeprefix(prefix).split(".")
        if target.platform in platforms and hashlib.sha256(file.read_bytes()).hexdigest() in hashes:
            return file
    return None


def _download(target: Architecture, wheels: Path, requirements: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    command += ["--implementation", "cp", "--python-version", PYTHON, "--abi", f"cp{PYTHON}"]
    command += ["--platform", target.platform, "--dest", str(wheels)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(
            f"the wheel for {target.platform} is not in {wheels} and could not be downloaded "
            f"(offline? then copy it there from a machine that is online):\n{done.stderr.strip()}"
        )


def wheel_content(wheel: Path, target: Architecture) -> dict[str, bytes]:
    """The files of the wheel that run: no bytecode, no installer metadata but the licence; libraries are
    checked.
    """
    content: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            top = name.partition("/")[0]
            if top.endswith(".dist-info"):
                if not name.endswith("/licenses/LICENSE"):
                    continue
                content["licenses/psycopg2.txt"] = archive.read(name)
            elif not name.endswith(("/", ".pyc")):
                content[name] = archive.read(name)
    for name, data in content.items():
        if is_library(name):
            _check_library(name, data, target)
    extension = f".cpython-{PYTHON}-{target.machine}-linux-gnu.so"
    if not any(name.endswith(extension) for name in content):
        raise BuildError(f"{wheel.name} holds no extension module *{extension}")
    return content


def is_library(name: str) -> bool:
    """Whether the entry is a shared library (`x.so`, `x.so.5.17`, `x.so.1.1.1k`)."""
    return re.search(r"\.so(\.[0-9A-Za-z]+)*$", name) is not None


def _check_library(name: str, data: bytes, target: Architecture) -> None:
    # e_ident: magic, 64 bit, little endian; e_machine is the 16-bit number at offset 18.
    if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 18)[0] != target.elf_machine:
        raise BuildError(f"{name} is no 64-bit library for {target.machine}")
    tag = re.search(r"\.cpython-(\d+)-", name)
    if tag is not None and tag[1] != PYTHON:
        raise BuildError(f"{name} is for CPython {tag[1]}, not {PYTHON}")


def checked_authorities(certificates: Path) -> bytes:
    """The PEM file, when it holds exactly the authorities of the committed list of fingerprints."""
    pem = (certificates / "rds-ca-roots.pem").read_text()
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----", pem, re.DOTALL)
    found = sorted(hashlib.sha256(ssl.PEM_cert_to_DER_cert(block)).hexdigest() for block in blocks)
    listed = (certificates / "fingerprints.txt").read_text()
    expected = sorted(re.findall(r"(?m)^([0-9a-f]{64})  ", listed))
    number = re.match(r"# (\d+) authorities", listed)
    if number is None or int(number[1]) != len(expected) or found != expected:
        raise BuildError(
            f"certificates/rds-ca-roots.pem holds {len(found)} authorities, of which "
            f"{len(set(found) & set(expected))} are in fingerprints.txt, which lists {len(expected)}"
        )
    return pem.encode()


def _compressed(wheel: Path) -> dict[str, bytes]:
    """The deflated bytes of the wheel's entries."""
    data = wheel.read_bytes()
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.compress_type == zipfile.ZIP_DEFLATED:
                # A local header has 30 bytes, a name and extra fields: APPNOTE.TXT of the ZIP format, section 4.3.7.
                start = entry.header_offset + 30 + sum(struct.unpack_from("<HH", data, entry.header_offset + 26))
                found[entry.filename] = data[start : start + entry.compress_size]
    return found


def _write(path: Path, content: Mapping[str, bytes], compressed: Mapping[str, bytes]) -> None:
    """Replace the file at once: two syntheses may run at the same time, and neither may read half a zip."""
    temporary = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = (0o100755 if is_library(name) else 0o100644) << 16
            if name in compressed:
                _add_compressed(archive, entry, data, compressed[name])
            else:
                archive.writestr(entry, data)
    temporary.replace(path)


def _add_compressed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, data: bytes, compressed: bytes) -> None:
    """What `writestr` does, with bytes that are compressed already, which zipfile does not offer."""
    assert archive.fp is not None
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.CRC, entry.file_size, entry.compress_size = zlib.crc32(data), len(data), len(compressed)
    entry.header_offset = archive.fp.tell()
    archive.fp.write(entry.FileHeader(zip64=False) + compressed)
    archive.filelist.append(entry)
    archive.NameToInfo[entry.filename] = entry
    archive.start_dir = archive.fp.tell()


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 when the build failed."""
    parser = argparse.ArgumentParser(description="Build the rotation Lambda's zip, reproducibly.")
    parser.add_argument("--architecture", choices=sorted(ARCHITECTURES), default=DEFAULT_ARCHITECTURE)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--wheels", type=Path, default=DEFAULT_WHEELS)
    options = parser.parse_args(arguments)
    try:
        package = build(options.architecture, options.output, options.wheels)
    except BuildError as error:
        sys.stderr.write(f"package: {error}\n")
        return 1
    sys.stdout.write(f"{package.path} {package.size} bytes\nsha256 {package.sha256}\nbase64 {package.sha256_base64}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
