"""Verdicts on signatures: the rules of `exchange.md`, section 15, and inputs B72-B82."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, core, parser
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    pkcs7,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.signing.keys import SigningKey, fingerprint
from hub.signing.sign import sign
from hub.signing.verify import MAX_BYTES, Pin, verify
from tests.signing.makers import (
    DETACHED,
    NOW,
    ec_key,
    issue,
    needs_openssl,
    openssl_signature,
    pin,
    pkcs7_signature,
    signing_key,
)

CONTENT = "Показания;1\r\n".encode("cp1251")
SUPPLIER = signing_key("Invented water supplier")
OTHER = signing_key("Invented heat supplier")
GOOD = sign(CONTENT, SUPPLIER, NOW)
PINS = [pin(SUPPLIER.certificate)]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("content") / "readings_1.csv"
    path.write_bytes(CONTENT)
    return path


class TestTheSigner:
    """Trust is the pin: the signer must be a pinned certificate (rule 2)."""

    def test_good(self, content: Path) -> None:
        """A signature by the pinned certificate is good and names it."""
        verdict = verify(content, GOOD, PINS, NOW)

        assert (verdict.code, verdict.detail) == (None, "")
        assert verdict.signer == fingerprint(SUPPLIER.certificate)
        assert verdict.ends == SUPPLIER.certificate.not_valid_after_utc

    def test_not_pinned(self, content: Path) -> None:
        """A right signature of another partner is E-SIG-SIGNER and names nobody as signer (B74)."""
        verdict = verify(content, sign(CONTENT, OTHER, NOW), PINS, NOW)

        assert (verdict.code, verdict.signer) == ("E-SIG-SIGNER", None)
        assert verdict.detail == fingerprint(OTHER.certificate)

    def test_no_pins(self, content: Path) -> None:
        """Without a pin nobody is trusted."""
        assert verify(content, GOOD, [], NOW).code == "E-SIG-SIGNER"

    def test_issued_by_the_same_authority(self, content: Path) -> None:
        """The issuer of the pinned certificate does not make its other customers trusted (B74)."""
        authority = ec_key()
        ours, theirs = (
            signing_key(subject, issuer="Invented authority", by=authority)
            for subject in ("Invented bank", "Invented supplier")
        )

        verdict = verify(content, sign(CONTENT, theirs, NOW), [pin(ours.certificate)], NOW)

        assert verdict.code == "E-SIG-SIGNER"

    @pytest.mark.parametrize("serial", [None, 7])
    def test_an_imitated_authority(self, content: Path, serial: int | None) -> None:
        """A self-made authority with the same names is E-SIG-CHAIN, whatever the number (B77)."""
        names = {"issuer": "Invented authority", "subject": "Invented bank"}
        true = signing_key(**names, by=ec_key(), serial=7)
        false = signing_key(**names, by=ec_key(), serial=serial)

        verdict = verify(content, sign(CONTENT, false, NOW), [pin(true.certificate)], NOW)

        assert verdict.code == "E-SIG-CHAIN"

    def test_an_imitated_partner(self, content: Path) -> None:
        """A self-issued certificate with the name and number of the pinned one is not it."""
        false = signing_key("Invented water supplier", serial=SUPPLIER.certificate.serial_number)

        assert verify(content, sign(CONTENT, false, NOW), PINS, NOW).code == "E-SIG-SIGNER"

    def test_the_certificate_need_not_be_enclosed(self, content: Path) -> None:
        """The pin has the certificate; a signature without any is good, an unknown one is not."""
        bare = pkcs7_signature(
            CONTENT,
            (SUPPLIER.private, SUPPLIER.certificate),
            options=(*DETACHED, pkcs7.PKCS7Options.NoCerts),
        )

        assert verify(content, bare, PINS, NOW).code is None
        assert verify(content, bare, [pin(OTHER.certificate)], NOW).code == "E-SIG-SIGNER"

    @needs_openssl
    def test_named_by_its_key(self, content: Path, tmp_path: Path) -> None:
        """A signer may be named by the identifier of its key."""
        private = ec_key()
        identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
        certificate = issue(private, "Invented gas supplier", extensions=(identifier,))

        signature = openssl_signature(tmp_path, CONTENT, private, certificate, "-keyid")

        assert verify(content, signature, [pin(certificate)], NOW).code is None
        assert verify(content, signature, PINS, NOW).code == "E-SIG-SIGNER"


class TestTheSpan:
    """Each of two pins is valid in its own span (rule 5)."""

    START, END = NOW, NOW + timedelta(days=30)

    @pytest.mark.parametrize(
        ("days", "old", "new"),
        [(-1, None, "E-SIG-SIGNER"), (0, None, None), (30, None, None), (31, "E-SIG-SIGNER", None)],
    )
    def test_a_renewed_certificate(
        self, content: Path, days: int, old: str | None, new: str | None
    ) -> None:
        """Refused before its date, both good in the overlap, the old refused after it (B82)."""
        start = NOW - timedelta(days=2)
        first, second = (signing_key("Invented bank", start=start) for _ in range(2))
        pins = [
            pin(first.certificate, None, self.END),
            pin(second.certificate, self.START, None),
        ]
        at = NOW + timedelta(days=days)

        codes = [verify(content, sign(CONTENT, key, at), pins, at).code for key in (first, second)]

        assert codes == [old, new]

    def test_a_pin_given_twice(self, content: Path) -> None:
        """A certificate pinned for two spans is good in either."""
        later = NOW + timedelta(days=60)
        pins = [pin(SUPPLIER.certificate, None, NOW), pin(SUPPLIER.certificate, later, None)]

        assert verify(content, GOOD, pins, NOW).code is None
        assert verify(content, GOOD, pins, later).code is None
        assert verify(content, GOOD, pins, NOW + timedelta(days=30)).code == "E-SIG-SIGNER"

    @pytest.mark.parametrize("years", [-2, 2])
    def test_the_time_of_the_certificate(self, content: Path, years: int) -> None:
        """Expired or not yet begun is E-SIG-TIME with the date (B75)."""
        at = datetime(2026 + years, 9, 1, tzinfo=NOW.tzinfo)

        verdict = verify(content, GOOD, PINS, at)

        assert (verdict.code, verdict.detail) == ("E-SIG-TIME", f"01.09.{2026 + years}")


class TestThePurpose:
    """The certificate is meant for signing, not for TLS only (rule 3)."""

    @pytest.mark.parametrize(
        ("purposes", "code"),
        [
            ([Purpose.SERVER_AUTH, Purpose.CLIENT_AUTH], "E-SIG-PURPOSE"),
            ([Purpose.CODE_SIGNING], "E-SIG-PURPOSE"),
            ([Purpose.CLIENT_AUTH, Purpose.EMAIL_PROTECTION], None),
            ([x509.ObjectIdentifier("1.2.112.1.2.3.4")], None),
        ],
    )
    def test_extended_usage(
        self, content: Path, purposes: list[x509.ObjectIdentifier], code: str | None
    ) -> None:
        """A certificate for TLS only is E-SIG-PURPOSE (B76); a purpose unknown to us passes."""
        key = signing_key("Invented bank", extensions=(x509.ExtendedKeyUsage(purposes),))

        assert verify(content, sign(CONTENT, key, NOW), [pin(key.certificate)], NOW).code == code

    def test_key_usage(self, content: Path) -> None:
        """A key that may only agree on other keys signs nothing."""
        flags = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_cert_sign",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        usage = x509.KeyUsage(key_agreement=True, **flags)
        key = signing_key("Invented bank", extensions=(usage,))

        verdict = verify(content, sign(CONTENT, key, NOW), [pin(key.certificate)], NOW)

        assert (verdict.code, verdict.detail) == ("E-SIG-PURPOSE", "key_agreement")


class TestChanges:
    """What was changed after signing is found (B73)."""

    def test_content(self, tmp_path: Path) -> None:
        """One bit of the content flipped is E-SIG."""
        path = tmp_path / "changed.csv"
        path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])

        assert verify(path, GOOD, PINS, NOW).code == "E-SIG"
        assert verify(path, sign(CONTENT, OTHER, NOW), PINS, NOW).code == "E-SIG"

    def test_signature_value(self, content: Path) -> None:
        """One bit of the signature value flipped is E-SIG."""
        assert verify(content, GOOD[:-1] + bytes([GOOD[-1] ^ 1]), PINS, NOW).code == "E-SIG"

    def test_signed_attributes(self, content: Path) -> None:
        """A signed attribute changed is E-SIG."""
        place = GOOD.rindex(b"2609")  # the month of the signing time

        assert (
            verify(content, GOOD[:place] + b"2608" + GOOD[place + 4 :], PINS, NOW).code == "E-SIG"
        )

    def test_certificate_inside(self, content: Path) -> None:
        """A bit of the enclosed certificate flipped is found, wherever it stands."""
        der = SUPPLIER.certificate.public_bytes(Encoding.DER)
        start = GOOD.index(der)
        codes = set()
        for place in range(start + 8, start + len(der), 5):
            broken = GOOD[:place] + bytes([GOOD[place] ^ 1]) + GOOD[place + 1 :]
            codes.add(verify(content, broken, PINS, NOW).code)

        assert "E-SIG" in codes
        assert codes <= {"E-SIG", "E-SIG-FORM", "E-ALG"}

    @given(place=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_bit(self, content: Path, place: int, bit: int) -> None:
        """Whatever bit is flipped, there is a verdict, and a good one names the pinned signer."""
        broken = GOOD[:place] + bytes([GOOD[place] ^ 1 << bit]) + GOOD[place + 1 :]

        verdict = verify(content, broken, PINS, NOW)

        good = fingerprint(SUPPLIER.certificate)
        assert verdict.signer == (good if verdict.code is None else None)


class TestTheForm:
    """Detached, strict DER, exactly one signer, signed attributes (rule 1)."""

    @given(garbage=st.binary(max_size=300))
    @example(b"")
    @example(b"\x30\x00")
    @example(b"\x30\x80" * 2000)
    @example(b"-----BEGIN PKCS7-----\n")
    @example(GOOD + b"\x00")
    @example(GOOD[:-1])
    @example(b"\x30\x00" * 2)
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_garbage(self, content: Path, garbage: bytes) -> None:
        """Garbage is E-SIG-FORM, never an exception."""
        assert verify(content, garbage, PINS, NOW).code == "E-SIG-FORM"

    @given(data=st.data())
    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_parts_cut_out(self, content: Path, data: st.DataObject) -> None:
        """A signature with an element replaced by another is judged, never an exception."""
        parts = list(_elements(GOOD))
        victim, other = data.draw(st.sampled_from(parts)), data.draw(st.sampled_from(parts))
        changed = _replaced(GOOD, victim, other)

        verdict = verify(content, changed, PINS, NOW)

        assert changed == GOOD or verdict.code is None or verdict.signer is None

    @pytest.mark.parametrize("depth", [10, 30, 20_000])
    def test_deep_nesting(self, content: Path, depth: int) -> None:
        """Nesting, however deep, is refused in bounded time (B81)."""
        nested = b""
        for _ in range(depth):
            if len(nested) > MAX_BYTES:
                break
            nested = parser.emit(0, 1, 16, nested)
        begun = time.process_time()

        assert verify(content, nested, PINS, NOW).code == "E-SIG-FORM"
        assert time.process_time() - begun < 2

    def test_too_many_parts(self, content: Path) -> None:
        """A long list of tiny parts is refused in bounded time (B81)."""
        crowded = parser.emit(0, 1, 16, b"\x05\x00" * (MAX_BYTES // 2 - 4))
        begun = time.process_time()

        assert verify(content, crowded, PINS, NOW).code == "E-SIG-FORM"
        assert time.process_time() - begun < 2

    def test_oversize(self, content: Path) -> None:
        """More bytes than a signature needs are refused before they are parsed (B81)."""
        verdict = verify(content, GOOD.ljust(MAX_BYTES + 1, b"\0"), PINS, NOW)

        assert (verdict.code, verdict.detail) == ("E-SIG-FORM", f"larger than {MAX_BYTES} bytes")

    def test_indefinite_length(self, content: Path) -> None:
        """BER with indefinite lengths is E-SIG-FORM (B81)."""
        _, _, _, _, inner, _ = parser.parse(GOOD)

        verdict = verify(content, b"\x30\x80" + inner + b"\0\0", PINS, NOW)

        assert (verdict.code, verdict.detail) == ("E-SIG-FORM", "strict DER is expected")

    def test_long_form_of_a_length(self, content: Path) -> None:
        """A length with a leading zero is not DER."""
        _, _, _, header, inner, _ = parser.parse(GOOD)
        longer = bytes([header[0], header[1] + 1, 0]) + header[2:]

        assert verify(content, longer + inner, PINS, NOW).code == "E-SIG-FORM"

    def test_two_signers(self, content: Path) -> None:
        """Two signers are E-SIG-COUNT, though one of them is pinned (B78)."""
        both = pkcs7_signature(
            CONTENT,
            (SUPPLIER.private, SUPPLIER.certificate),
            (OTHER.private, OTHER.certificate),
        )

        verdict = verify(content, both, PINS, NOW)

        assert (verdict.code, verdict.detail) == ("E-SIG-COUNT", "2")

    def test_no_signer(self, content: Path) -> None:
        """Certificates without a signer are E-SIG-COUNT (B78)."""
        none = pkcs7.serialize_certificates([SUPPLIER.certificate], Encoding.DER)

        verdict = verify(content, none, PINS, NOW)

        assert (verdict.code, verdict.detail) == ("E-SIG-COUNT", "0")

    @pytest.mark.parametrize(
        ("carried", "code"), [(CONTENT, "E-SIG-FORM"), (b"other content", "E-SIG-CONTENT")]
    )
    def test_attached(self, content: Path, carried: bytes, code: str) -> None:
        """A signature that carries content is refused; other content is E-SIG-CONTENT (B79)."""
        attached = pkcs7_signature(
            carried,
            (SUPPLIER.private, SUPPLIER.certificate),
            options=(pkcs7.PKCS7Options.NoCapabilities,),
        )

        assert verify(content, attached, PINS, NOW).code == code

    def test_no_signed_attributes(self, content: Path) -> None:
        """A signature over the bare content is not of the profile."""
        bare = pkcs7_signature(
            CONTENT,
            (SUPPLIER.private, SUPPLIER.certificate),
            options=(pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoAttributes),
        )

        assert verify(content, bare, PINS, NOW).code == "E-SIG-FORM"

    @pytest.mark.parametrize(
        "kinds",
        [
            ["content_type"],
            ["message_digest"],
            ["content_type", "content_type", "message_digest"],
        ],
    )
    def test_the_attributes_needed(self, content: Path, kinds: list[str]) -> None:
        """Content type and message digest must each be there once, though the rest is right."""
        assert verify(content, _signed_with(SUPPLIER, kinds), PINS, NOW).code == "E-SIG-FORM"

    def test_another_type_of_content(self, content: Path) -> None:
        """SignedData over something else than data is not of the profile."""
        message = cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"1")})

        assert verify(content, message.dump(), PINS, NOW).code == "E-SIG-FORM"


def test_a_content_that_is_away(tmp_path: Path) -> None:
    """A content that cannot be read is no verdict on the signature."""
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "absent", GOOD, [Pin(PINS[0].certificate, None, None)], NOW)


def _signed_with(key: SigningKey, kinds: list[str]) -> bytes:
    """A right signature over just these attributes."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(CONTENT)
    values = {"content_type": "data", "message_digest": digest.finalize()}
    attributes = cms.CMSAttributes([{"type": kind, "values": [values[kind]]} for kind in kinds])
    message = cms.ContentInfo.load(GOOD)
    signer = message["content"]["signer_infos"][0]
    signer["signed_attrs"] = attributes
    signer["signature"] = key.private.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    return bytes(message.dump(force=True))


def _elements(der: bytes) -> list[bytes]:
    """Every element of a DER text, the outer before the inner."""
    found = []
    while der:
        _, constructed, _, header, inner, _ = parser.parse(der)
        whole = der[: len(header) + len(inner)]
        found += [whole, *(_elements(inner) if constructed else [])]
        der = der[len(whole) :]
    return found


def _replaced(der: bytes, victim: bytes, other: bytes) -> bytes:
    """The same text with an element exchanged and all lengths around it mended."""
    result = b""
    while der:
        kind, constructed, tag, header, inner, _ = parser.parse(der)
        whole = der[: len(header) + len(inner)]
        if whole == victim:
            result += other
        elif constructed:
            result += parser.emit(kind, constructed, tag, _replaced(inner, victim, other))
        else:
            result += whole
        der = der[len(whole) :]
    return result
