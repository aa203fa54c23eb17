"""Is a detached signature good, and by the signer whom the agreement pins?

Profile: `exchange.md`, section 15, rules 1-6. The order: bounded strict DER before any
structure, structure before algorithms, the mathematics (by pyHanko) before the trust. A
certificate inside the signature is never trusted by itself: the signer must BE one of the
pinned ones. Nothing is fetched, and nothing of a refused signature is kept.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from asn1crypto import cms, parser
from asn1crypto import x509 as asn1
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

MAX_BYTES, MAX_ELEMENTS, MAX_DEPTH = 128 * 1024, 4096, 24
"""What a detached signature with a whole chain of certificates never needs."""

_DIGESTS = ("sha256", "sha384", "sha512")
_SIGNATURES = {"rsassa_pkcs1v15": "rsa", "rsassa_pss": "rsa"} | {
    f"{digest}_{family}": family for digest in _DIGESTS for family in ("rsa", "ecdsa")
}
_CURVES = ("secp256r1", "secp384r1")
_RSA_BITS = 2048
_OTHER_PURPOSES = {"server_auth", "client_auth", "code_signing", "time_stamping", "ocsp_signing"}
_SEQUENCE, _SET = 16, 17


Certificates = dict[bytes, asn1.Certificate]
"""Certificates by their DER, for that is what makes two of them the same."""


class Pin(NamedTuple):
    """A certificate pinned for a partner, kind and direction, and the span of the pin."""

    certificate: bytes
    """DER."""
    valid_from: datetime | None
    """Its first instant; None = always."""
    valid_to: datetime | None
    """Its last instant; None = always."""


@dataclass(frozen=True)
class Verdict:
    """What a verification found; the signature is good only when `code` is None."""

    code: str | None
    """A code of `exchange.md`, 10.3."""
    signer: str | None
    """SHA-256 of the certificate of a good signature, hex; None otherwise."""
    detail: str
    """What was found: the algorithm, the number of signers, the date, the rule."""
    ends: datetime | None = None
    """When the certificate of a good signature ends."""


class _Doubt(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


class _Signed(NamedTuple):
    """The parts of SignedData that matter; the objects are those of `asn1crypto`."""

    signer: cms.SignerInfo
    content: bytes | None
    """What an attached signature carries."""
    certificates: Certificates
    """Those enclosed: what the signer claims, never what is trusted."""

    @property
    def digest(self) -> str:
        return str(self.signer["digest_algorithm"]["algorithm"].native)

    @property
    def algorithm(self) -> str:
        return str(self.signer["signature_algorithm"]["algorithm"].native)


def verify(content: Path, signature: bytes, pins: Sequence[Pin], at: datetime) -> Verdict:
    """The verdict on a detached signature over the bytes of a file, at an instant.

    The content is read as a stream. The pins are certificates (`hub.signing.keys.certificate`).
    Raises OSError when the content cannot be read; a signature, however broken, gives a verdict.
    """
    pinned = {pin.certificate: asn1.Certificate.load(pin.certificate) for pin in pins}
    try:
        with _garbage():
            signed = _read(signature)
        digest = _digest(content, signed)
        with _garbage():
            signer = _signer(signed, digest, pinned)
        _check_trust(signer, [pin for pin in pins if pin.certificate == signer.dump()], at)
    except _Doubt as doubt:
        return Verdict(doubt.code, None, doubt.detail)
    return Verdict(None, signer.sha256.hex(), "", signer.not_valid_after)


@contextmanager
def _garbage() -> Iterator[None]:
    try:
        yield
    except _Doubt:
        raise
    except Exception as cause:  # parsers raise whatever garbage makes them stumble over
        raise _Doubt("E-SIG-FORM", f"not readable: {type(cause).__name__}") from cause


def _read(signature: bytes) -> _Signed:
    _check_der(signature)
    message = cms.ContentInfo.load(signature, strict=True)
    if message["content_type"].native != "signed_data":
        raise _Doubt("E-SIG-FORM", "CMS SignedData is expected")
    data = message["content"]
    signers, inner = data["signer_infos"], data["encap_content_info"]
    if len(signers) != 1:
        raise _Doubt("E-SIG-COUNT", str(len(signers)))
    chosen = [one.chosen for one in data["certificates"] if one.name == "certificate"]
    enclosed = {certificate.dump(): certificate for certificate in chosen}
    signed = _Signed(signers[0], inner["content"].native, enclosed)
    _check_algorithms(signed)
    if inner["content_type"].native != "data" or not len(signed.signer["signed_attrs"]):
        raise _Doubt("E-SIG-FORM", "content type data and signed attributes are expected")
    return signed


def _check_der(signature: bytes) -> None:
    """Definite lengths in their shortest form, strings in one piece, within the limits."""
    if len(signature) > MAX_BYTES:
        raise _Doubt("E-SIG-FORM", f"larger than {MAX_BYTES} bytes")
    waiting, elements = [(signature, 0)], 0
    while waiting:
        rest, depth = waiting.pop()
        while rest:
            kind, constructed, tag, header, inner, trailer = parser.parse(rest)
            length, elements = len(header) + len(inner) + len(trailer), elements + 1
            if rest[:length] != parser.emit(kind, constructed, tag, inner):
                raise _Doubt("E-SIG-FORM", "strict DER is expected")
            if kind == 0 and bool(constructed) != (tag in (_SEQUENCE, _SET)):
                raise _Doubt("E-SIG-FORM", "strict DER is expected")
            if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
                raise _Doubt("E-SIG-FORM", "nested too deep, or too many parts")
            if constructed:
                waiting.append((inner, depth + 1))
            rest = rest[length:]


def _check_algorithms(signed: _Signed) -> None:
    if signed.digest not in _DIGESTS:
        raise _Doubt("E-ALG", signed.digest)
    if signed.algorithm not in _SIGNATURES:
        raise _Doubt("E-ALG", signed.algorithm)
    if signed.algorithm == "rsassa_pss":
        parameters = signed.signer["signature_algorithm"]["parameters"].native
        mask = parameters["mask_gen_algorithm"]["parameters"]
        for digest in (parameters["hash_algorithm"]["algorithm"], mask["algorithm"]):
            if digest not in _DIGESTS:
                raise _Doubt("E-ALG", f"rsassa_pss with {digest}")


def _digest(content: Path, signed: _Signed) -> bytes:
    with content.open("rb") as stream:
        digest = hashlib.file_digest(stream, signed.digest).digest()
    if signed.content is None:
        return digest
    if hashlib.new(signed.digest, signed.content).digest() != digest:
        raise _Doubt("E-SIG-CONTENT", "the signature carries other content")
    raise _Doubt("E-SIG-FORM", "a detached signature is expected, without the content")


def _signer(signed: _Signed, digest: bytes, pinned: Certificates) -> asn1.Certificate:
    """The pinned certificate that made the signature."""
    for der, certificate in pinned.items():
        if _names(signed, certificate) and _genuine(signed, digest, certificate):
            if signed.certificates and der not in signed.certificates:
                raise _Doubt("E-SIG", "the certificate inside is not the signer's")
            return certificate
    strangers = [one for der, one in signed.certificates.items() if der not in pinned]
    claimed = [one for one in strangers if _names(signed, one)]
    for stranger in claimed:
        if _genuine(signed, digest, stranger):
            raise _stranger(stranger, pinned)
    if claimed or any(_names(signed, certificate) for certificate in pinned.values()):
        raise _Doubt("E-SIG", "the content or the signature was changed")
    raise _Doubt("E-SIG-SIGNER", "the signer is not pinned and its certificate not enclosed")


def _names(signed: _Signed, certificate: asn1.Certificate) -> bool:
    """Whether the signature says that this certificate made it."""
    identity = signed.signer["sid"]
    if identity.name == "subject_key_identifier":
        return bool(certificate.key_identifier == identity.chosen.native)
    return bool(
        certificate.serial_number == identity.chosen["serial_number"].native
        and certificate.issuer == identity.chosen["issuer"]
    )


def _genuine(signed: _Signed, digest: bytes, certificate: asn1.Certificate) -> bool:
    """Whether the key of the certificate signed this digest. Its issuer is not asked."""
    if _key_family(certificate) != _SIGNATURES[signed.algorithm]:
        return False
    try:
        intact, valid = validate_sig_integrity(signed.signer, certificate, "data", digest)
    except SignatureValidationError as cause:
        raise _Doubt("E-SIG-FORM", str(cause.failure_message)) from cause
    return bool(intact and valid)


def _key_family(certificate: asn1.Certificate) -> str:
    key = certificate.public_key
    if key.algorithm == "ec" and key.curve[1] in _CURVES:
        return "ecdsa"
    if key.algorithm in ("rsa", "rsassa_pss") and key.bit_size >= _RSA_BITS:
        return "rsa"
    size = key.curve[1] if key.algorithm == "ec" else key.bit_size if "rsa" in key.algorithm else ""
    raise _Doubt("E-ALG", f"{key.algorithm} {size}".rstrip())


def _stranger(stranger: asn1.Certificate, pinned: Certificates) -> _Doubt:
    """The doubt about a right signature of somebody who is not pinned.

    The names of a pinned certificate under an issuer that is not its issuer are an imitation;
    who issues for himself has no issuer that could be wrong.
    """
    names = (stranger.subject, stranger.issuer)
    imitates = any((one.subject, one.issuer) == names for one in pinned.values())
    if imitates and stranger.subject != stranger.issuer:
        return _Doubt("E-SIG-CHAIN", stranger.sha256.hex())
    return _Doubt("E-SIG-SIGNER", stranger.sha256.hex())


def _check_trust(signer: asn1.Certificate, pins: list[Pin], at: datetime) -> None:
    """The span of the pin first: before it begins, its certificate is nobody's (B82)."""
    if not any(_within(pin.valid_from, at, pin.valid_to) for pin in pins):
        raise _Doubt("E-SIG-SIGNER", f"the pin does not cover {at:%d.%m.%Y}")
    if not signer.not_valid_before <= at <= signer.not_valid_after:
        raise _Doubt("E-SIG-TIME", f"{at:%d.%m.%Y}")
    usage = signer.key_usage_value
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        raise _Doubt("E-SIG-PURPOSE", ", ".join(sorted(usage.native)))
    extended = signer.extended_key_usage_value
    if extended is not None and _OTHER_PURPOSES.issuperset(extended.native):
        raise _Doubt("E-SIG-PURPOSE", ", ".join(extended.native))


def _within(start: datetime | None, at: datetime, end: datetime | None) -> bool:
    return (start is None or start <= at) and (end is None or at <= end)
