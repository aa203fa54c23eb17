"""Keys and certificates in a folder: ours to sign with, the partners' to recognise them by.

A key is a pair of files, `<name>.key` (PKCS#8) and `<name>.pem` (certificate). The folder has
mode 0700 and a key 0600; another mode is refused, for then somebody else may have read it
(`exchange.md`, section 15, rule 9).
"""

import os
import re
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from hub.errors import SettingsError

FOLDER_MODE, KEY_MODE = 0o700, 0o600
_EARLIER = timedelta(days=1)
"""A certificate begins earlier than it is made: the partner's clock may be behind ours."""


@dataclass(frozen=True)
class SigningKey:
    """A private key (ECDSA) and its certificate."""

    name: str
    private: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


class Listed(NamedTuple):
    """A certificate of a folder as it is shown to a person."""

    name: str
    subject: str
    fingerprint: str
    valid_from: datetime
    valid_to: datetime
    has_key: bool


def new(
    folder: Path,
    name: str,
    subject: str,
    now: datetime,
    passphrase: bytes | None,
    years: int = 10,
) -> Path:
    """Make an ECDSA P-256 key with a self-issued certificate; gives the certificate's path.

    Without a pass phrase the key is stored plain. Raises SettingsError when the name is taken.
    """
    key_path, certificate_path = _paths(folder, name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
    private = ec.generate_private_key(ec.SECP256R1())
    issued = _self_issued(private, subject, now, years)
    _write_new(certificate_path, issued.public_bytes(Encoding.PEM), 0o644)
    _write_new(key_path, _pkcs8(private, passphrase), KEY_MODE)
    return certificate_path


def load(folder: Path, name: str, passphrase: bytes | None) -> SigningKey:
    """The key of this name. Raises SettingsError: modes, pass phrase, kind, no such pair."""
    key_path, certificate_path = _paths(folder, name)
    _check_mode(folder, FOLDER_MODE)
    _check_mode(key_path, KEY_MODE)
    issued = certificate(certificate_path)
    private = _private(key_path, passphrase)
    if private.public_key() != issued.public_key():
        raise SettingsError(f"{certificate_path} is not the certificate of {key_path}")
    return SigningKey(name, private, issued)


def certificate(path: Path) -> x509.Certificate:
    """The certificate in a PEM or DER file. Raises SettingsError when there is none."""
    content = _read(path)
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as cause:
        raise SettingsError(f"{path}: no certificate (PEM or DER)") from cause


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, 64 hex digits: what pins and receipts name."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def listed(folder: Path) -> list[Listed]:
    """The certificates of a folder by name, and whether their key lies beside them."""
    return [_listed(path) for path in sorted(folder.glob("*.pem"))]


def _listed(path: Path) -> Listed:
    found = certificate(path)
    return Listed(
        path.stem,
        found.subject.rfc4514_string(),
        fingerprint(found),
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        path.with_name(f"{path.stem}.key").exists(),
    )


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise SettingsError(f"name of a key {name!r}: Latin letters, digits, '_', '.', '-'")
    return folder / f"{name}.key", folder / f"{name}.pem"


def _self_issued(
    private: ec.EllipticCurvePrivateKey, subject: str, now: datetime, years: int
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    public = private.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(private, hashes.SHA256())
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pkcs8(private: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    lock: KeySerializationEncryption = NoEncryption()
    if passphrase:
        lock = BestAvailableEncryption(passphrase)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def _private(path: Path, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    try:
        private = load_pem_private_key(_read(path), passphrase or None)
    except (ValueError, TypeError):
        # not chained: the cause may quote what it tried to read
        raise SettingsError(f"{path}: damaged, or the pass phrase is not its own") from None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise SettingsError(f"{path}: the hub signs with ECDSA keys only")
    return private


def _check_mode(path: Path, mode: int) -> None:
    try:
        found = stat.S_IMODE(path.stat().st_mode)
    except OSError as cause:
        raise SettingsError(f"{path}: {cause.strerror}") from cause
    if found != mode:
        raise SettingsError(f"{path} has mode {found:04o}; right is: chmod {mode:o} {path}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise SettingsError(f"{path}: {cause.strerror}") from cause


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as cause:
        raise SettingsError(f"{path} exists; keys are never overwritten") from cause
    with os.fdopen(handle, "wb") as out:
        os.fchmod(handle, mode)
        out.write(content)
        out.flush()
        os.fsync(handle)
