"""A private certificate authority for embedded servers.

It takes the place of the RDS authorities on this machine, so that clients verify a real chain and a real
host name. Its keys live in memory and in files that the server using them removes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import trustme


@dataclass(frozen=True)
class ServerCertificate:
    """A server's certificate and private key, both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


class CertificateAuthority:
    """Issues server certificates for DNS names and IP addresses, signed by a root made for this object (EC
    P-256).
    """

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.pem: bytes = self._authority.cert_pem.bytes()
        """The root certificate: what a client puts in the place of the RDS bundle."""

    def issue(self, *hosts: str) -> ServerCertificate:
        """A certificate for every DNS name or IP address in `hosts`; at least one is needed."""
        issued = self._authority.issue_cert(*hosts, common_name=hosts[0][:64])
        return ServerCertificate(issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes())
