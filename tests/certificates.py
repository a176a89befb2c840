"""A certificate authority for one test, and what it signs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Its certificate is at `path`; `sign` makes a server's certificate and key."""

    path: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def sign(self, folder: Path, *names: str) -> tuple[Path, Path]:
        """For these host names and addresses; readable by everybody the folder lets in."""
        key = ec.generate_private_key(ec.SECP256R1())
        others = x509.SubjectAlternativeName([_name(name) for name in names])
        builder = _builder(names[0], key).issuer_name(self.certificate.subject).add_extension(others, False)
        files = folder / "server.crt", folder / "server.key"
        files[0].write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
        return files


def authority(folder: Path, name: str = "test authority") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    basic = x509.BasicConstraints(ca=True, path_length=0)
    builder = _builder(name, key).issuer_name(_subject(name)).add_extension(basic, True)
    certificate = builder.sign(key, hashes.SHA256())
    path = folder / f"{name.replace(' ', '-')}.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(path, key, certificate)


def _builder(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(_subject(name)).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
