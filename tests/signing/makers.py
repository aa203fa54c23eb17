"""Certificates and signatures of an invented world, for the tests of signing."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.x509.oid import NameOID

from hub.clock import minsk
from hub.signing.keys import SigningKey
from hub.signing.verify import Pin

NOW = minsk(2026, 9, 1, 9)
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program")
DETACHED = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoCapabilities)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issue(
    private: Private,
    subject: str,
    issuer: str | None = None,
    by: Private | None = None,
    start: datetime = NOW - timedelta(days=1),
    days: int = 365,
    serial: int | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> x509.Certificate:
    """A certificate; without an issuer the subject issues it for itself."""
    draft = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(private.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    for extension in extensions:
        draft = draft.add_extension(extension, critical=False)
    return draft.sign(by or private, hashes.SHA256())


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signing_key(subject: str, **how: object) -> SigningKey:
    private = ec_key()
    return SigningKey("test", private, issue(private, subject, **how))


def pin(
    certificate: x509.Certificate, start: datetime | None = None, end: datetime | None = None
) -> Pin:
    return Pin(certificate.public_bytes(Encoding.DER), start, end)


def pkcs7_signature(
    content: bytes,
    *signers: tuple[Private, x509.Certificate],
    options: tuple[pkcs7.PKCS7Options, ...] = DETACHED,
    digest: hashes.HashAlgorithm | None = None,
    rsa_padding: padding.AsymmetricPadding | None = None,
) -> bytes:
    """A signature of another maker than ours: the CMS builder of `cryptography`."""
    draft = pkcs7.PKCS7SignatureBuilder().set_data(content)
    for private, certificate in signers:
        draft = draft.add_signer(
            certificate, private, digest or hashes.SHA256(), rsa_padding=rsa_padding
        )
    return draft.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


def signing_time(signature: bytes) -> datetime:
    signer = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]
    [time] = [one for one in signer["signed_attrs"] if one["type"].native == "signing_time"]
    return time["values"][0].native.astimezone(UTC)


def openssl_signature(
    folder: Path, content: bytes, private: Private, certificate: x509.Certificate, *options: str
) -> bytes:
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "content").write_bytes(content)
    call = ["openssl", "cms", "-sign", "-binary", "-in", "content", "-outform", "DER"]
    call += ["-signer", "cert.pem", "-inkey", "key.pem", *options]
    return subprocess.run(call, cwd=folder, capture_output=True, check=True).stdout
