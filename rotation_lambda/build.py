"""Build the Lambda's zip, with the same bytes on every machine.

    python rotation_lambda/build.py [--architecture arm64|x86_64] [--output PATH] [--wheels FOLDER]

The zip is the wheel of psycopg2 for CPython 3.13 on the chosen architecture, under its locked hash, with the package
`rotation` and the RDS certificate authorities added. Wheels are kept in `build/wheels`; when the locked one is there,
nothing is downloaded. Added files are stored without compression, because different versions of zlib
produce different bytes, and have a date of 1980.

The build fails for a wheel whose hash is not in `requirements.txt`, a library for another architecture or another
Python, and an authority that is not in `certificates/fingerprints.txt`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import shutil
import ssl
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
DEFAULT_WHEELS = PROJECT / "build" / "wheels"
REQUIREMENTS = HERE / "requirements.txt"
PYTHON = "313"
"""The Lambda runtime python3.13, as wheels name it."""


class Architecture(NamedTuple):
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


class Package(NamedTuple):
    """A built zip. `sha256_base64` is what Terraform's `source_code_hash` and Lambda's CodeSha256 hold."""

    path: Path
    sha256_base64: str


def build(
    architecture: str, output: Path | None = None, wheels: Path = DEFAULT_WHEELS, requirements: Path = REQUIREMENTS
) -> Package:
    """Build the zip and write it to `output` (default `build/rotation-<architecture>.zip`)."""
    if architecture not in ARCHITECTURES:
        raise BuildError(f"architecture {architecture!r}: allowed are {', '.join(ARCHITECTURES)}")
    wheel = find_wheel(ARCHITECTURES[architecture], wheels, requirements)
    check_libraries(wheel, ARCHITECTURES[architecture])
    added = {f"rotation/{file.name}": file.read_bytes() for file in (HERE / "rotation").glob("*.py")}
    added["certificates/rds-ca-roots.pem"] = checked_authorities(HERE / "certificates")
    path = output or PROJECT / "build" / f"rotation-{architecture}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Replaced at once: two syntheses may run at the same time, and neither may read half a zip.
    temporary = path.with_suffix(f".{os.getpid()}")
    shutil.copyfile(wheel, temporary)
    with zipfile.ZipFile(temporary, "a", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(added.items()):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    temporary.replace(path)
    return Package(path, base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode())


def find_wheel(target: Architecture, wheels: Path, requirements: Path) -> Path:
    """The locked wheel for `target` from the folder `wheels`, downloaded into it when it is not there."""
    name, hashes = _locked(requirements)
    pattern = f"{name.replace('-', '_').replace('==', '-')}-cp{PYTHON}-cp{PYTHON}-*{target.platform}*.whl"
    for download in (False, True):
        if download:
            _download(target, wheels, requirements)
        for file in sorted(wheels.glob(pattern)):
            if hashlib.sha256(file.read_bytes()).hexdigest() in hashes:
                return file
    raise BuildError(f"no wheel of {name} for cp{PYTHON} and {target.platform} has a hash of {requirements.name}")


def _locked(requirements: Path) -> tuple[str, list[str]]:
    """The one requirement (`name==version`) and the hashes of its wheels."""
    text = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*$", "", requirements.read_text())).strip()
    hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)", text)
    name = text.partition(" ")[0]
    if "==" not in name or len(hashes) != len(ARCHITECTURES) or len(text.split()) != 1 + len(hashes):
        raise BuildError(
            f"{requirements.name} must hold one name==version with one sha256 hash for each of "
            f"{', '.join(ARCHITECTURES)}"
        )
    return name, hashes


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


def check_libraries(wheel: Path, target: Architecture) -> None:
    """That every library of the wheel is for the architecture, and its extension for this Python."""
    with zipfile.ZipFile(wheel) as archive:
        libraries = {name: archive.read(name) for name in archive.namelist() if ".so" in name}
    for name, data in libraries.items():
        # e_ident: magic, 64 bit, little endian; e_machine is the 16-bit number at offset 18.
        if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 18)[0] != target.elf_machine:
            raise BuildError(f"{name} is no 64-bit library for {target.machine}")
    extension = f".cpython-{PYTHON}-{target.machine}-linux-gnu.so"
    if not any(name.endswith(extension) for name in libraries):
        raise BuildError(f"{wheel.name} holds no extension module *{extension}")


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


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 when the build failed."""
    parser = argparse.ArgumentParser(description="Build the rotation Lambda's zip, reproducibly.")
    parser.add_argument("--architecture", choices=sorted(ARCHITECTURES), default="arm64")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--wheels", type=Path, default=DEFAULT_WHEELS)
    options = parser.parse_args(arguments)
    try:
        package = build(options.architecture, options.output, options.wheels)
    except BuildError as error:
        sys.stderr.write(f"package: {error}\n")
        return 1
    sys.stdout.write(f"{package.path} {package.path.stat().st_size} bytes\nsha256 {package.sha256_base64} (base64)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
