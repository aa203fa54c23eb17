"""A detached signature: CMS SignedData in DER with one signer and without the content.

Profile: `exchange.md`, section 15, rule 1. ECDSA with SHA-256; signed attributes are the
content type, the message digest and the time. The structures are those of `asn1crypto`, the
signature is made by `cryptography`; its own CMS builder is not used, for it holds the whole
content in memory (rule 10) and states the time of the machine instead of the hub's clock.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import cms
from asn1crypto import x509 as asn1
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hub.errors import SigningFailed
from hub.signing.keys import SigningKey

_DIGEST = {"algorithm": "sha256"}


def sign(content: Path | bytes, key: SigningKey, at: datetime) -> bytes:
    """The detached signature of the content, which is read as a stream.

    Two signatures of the same content differ (ECDSA is random): keep the first.
    Raises SigningFailed when the content cannot be read or the key cannot sign.
    """
    try:
        attributes = _signed_attributes(_digest(content), at)
        signature = key.private.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        return _message(key, attributes, signature)
    except (OSError, ValueError, UnsupportedAlgorithm) as cause:
        raise SigningFailed(f"key {key.name}: {cause}") from cause


def _digest(content: Path | bytes) -> bytes:
    if isinstance(content, bytes):
        return hashlib.sha256(content).digest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _signed_attributes(digest: bytes, at: datetime) -> cms.CMSAttributes:
    time = cms.Time({"utc_time": at.astimezone(UTC).replace(microsecond=0)})
    values = {"content_type": "data", "signing_time": time, "message_digest": digest}
    return cms.CMSAttributes([{"type": kind, "values": [one]} for kind, one in values.items()])


def _message(key: SigningKey, attributes: cms.CMSAttributes, signature: bytes) -> bytes:
    own = asn1.Certificate.load(key.certificate.public_bytes(Encoding.DER))
    identity = {"issuer": own.issuer, "serial_number": own.serial_number}
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": identity},
        "digest_algorithm": _DIGEST,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signed_attrs": attributes,
        "signature": signature,
    }
    signed = {
        "version": "v1",
        "digest_algorithms": [_DIGEST],
        "encap_content_info": {"content_type": "data"},
        "certificates": [own],
        "signer_infos": [signer],
    }
    message = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
    return bytes(message.dump())
