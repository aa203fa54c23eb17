"""Keys, certificates and detached signatures of the other side, with code of its own.

Profile: CMS SignedData, detached, one signer, signed attributes with content type and message
digest (`exchange.md`, 15.1). Keys are ECDSA P-256; certificates are self-issued and valid from
2026 to 2036 whatever the clock of the machine says.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
)
from cryptography.x509.oid import NameOID

VALID_FROM, VALID_TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
_DETACHED = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]


class Signer(NamedTuple):
    """A key with its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def sign(self, content: bytes) -> bytes:
        """The detached signature of `content`, CMS in DER."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        return builder.sign(Encoding.DER, _DETACHED)


def enrol(folder: Path, name: str) -> Signer:
    """The key of `folder` (`key.pem`, `cert.pem`), made for `name` when there is none yet."""
    key_file, certificate_file = folder / "key.pem", folder / "cert.pem"
    if not certificate_file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = _made(name)
        pem = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key_file.touch(mode=0o600)
        key_file.write_bytes(pem)
        certificate_file.write_bytes(made.certificate.public_bytes(Encoding.PEM))
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{key_file}: not a key of an elliptic curve")
    return Signer(key, x509.load_pem_x509_certificate(certificate_file.read_bytes()))


def _made(name: str) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return Signer(key, builder.sign(key, hashes.SHA256()))


def fault(content: bytes, signature: bytes | None, certificate: x509.Certificate) -> str | None:
    """Why `signature` is not the certificate's detached signature of `content`; None = it is."""
    if signature is None:
        return "no signature lies beside it"
    try:
        return _fault(content, cms.ContentInfo.load(signature, strict=True), certificate)
    except (ValueError, TypeError, KeyError) as error:
        return f"the signature is not CMS: {error}"


def _fault(content: bytes, info: Any, certificate: x509.Certificate) -> str | None:  # noqa: ANN401
    signed = info["content"]
    if info["content_type"].native != "signed_data" or len(signed["signer_infos"]) != 1:
        return "it is not signed data of one signer"
    if signed["encap_content_info"]["content"].native is not None:
        return "the signature is not detached"
    signer = signed["signer_infos"][0]
    sid = signer["sid"].chosen
    if sid["serial_number"].native != certificate.serial_number:
        return "another certificate signed it"
    stated = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"]}
    algorithm = signer["digest_algorithm"]["algorithm"].native
    if stated["message_digest"][0].native != hashlib.new(algorithm, content).digest():
        return "the content is not what was signed"
    return _key_fault(signer, algorithm, certificate)


def _key_fault(signer: Any, algorithm: str, certificate: x509.Certificate) -> str | None:  # noqa: ANN401
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return "the certificate has no key of an elliptic curve"
    method: dict[str, hashes.HashAlgorithm] = {
        "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
    }  # fmt: skip
    attributes = signer["signed_attrs"].untag().dump()
    try:
        key.verify(signer["signature"].native, attributes, ec.ECDSA(method[algorithm]))
    except InvalidSignature:
        return "the signature is not made by the key of this certificate"
    return None
