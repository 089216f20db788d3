"""Certificates for drills: an authority of our own, and what it may or may not vouch for. Made anew at each start."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_HERE: tuple[x509.GeneralName, ...] = (
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.DNSName("localhost"),
)
_ELSEWHERE: tuple[x509.GeneralName, ...] = (x509.DNSName("somewhere-else.example"),)


class Authority:
    """Signs; `pem` is what a client must trust to believe it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Lineup drill authority")
        self._now = datetime.now(UTC)
        builder = _builder(self._name, self._name, self._key, self._now - _DAY, self._now + 30 * _DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def write(self, folder: Path, sort: str) -> Path:
        """A file with key and certificate of one sort: good, expired, not-yet, self-signed, wrong-host."""
        key = ec.generate_private_key(ec.SECP256R1())
        begins = {"expired": -20, "not-yet": 10}.get(sort, -1) * _DAY + self._now
        ends = begins + 10 * _DAY
        name = _named("Lineup drill")
        own = sort == "self-signed"
        builder = _builder(name, name if own else self._name, key, begins, ends)
        names = _ELSEWHERE if sort == "wrong-host" else _HERE
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(key if own else self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = folder / f"{sort}.pem"
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return file


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(begins).not_valid_after(ends)
