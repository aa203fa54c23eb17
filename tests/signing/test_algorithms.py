"""Which algorithms and keys are allowed: `exchange.md`, section 15, rule 4, and input B80."""

from functools import cache
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hub.signing.sign import sign
from hub.signing.verify import verify
from tests.signing.makers import (
    NOW,
    issue,
    needs_openssl,
    openssl_signature,
    pin,
    pkcs7_signature,
    signing_key,
)

CONTENT = "Показания;1\r\n".encode("cp1251")
SUPPLIER = signing_key("Invented water supplier")
GOOD = sign(CONTENT, SUPPLIER, NOW)
PINS = [pin(SUPPLIER.certificate)]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("content") / "readings_1.csv"
    path.write_bytes(CONTENT)
    return path


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


class TestAlgorithms:
    """Only the algorithms of rule 4."""

    @pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
    @pytest.mark.parametrize("pss", [False, True])
    def test_rsa(self, content: Path, digest: hashes.HashAlgorithm, pss: bool) -> None:
        """RSA of 2048 bits, in either padding, is good with each allowed digest."""
        certificate = issue(rsa_key(), "Invented bank")
        how = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH) if pss else None

        signature = pkcs7_signature(
            CONTENT, (rsa_key(), certificate), digest=digest, rsa_padding=how
        )

        assert verify(content, signature, [pin(certificate)], NOW).code is None

    @pytest.mark.parametrize(
        ("curve", "code", "detail"),
        [
            (ec.SECP256R1(), None, ""),
            (ec.SECP384R1(), None, ""),
            (ec.SECP521R1(), "E-ALG", "ec secp521r1"),
            (ec.SECP256K1(), "E-ALG", "ec secp256k1"),
        ],
    )
    def test_curves(
        self, content: Path, curve: ec.EllipticCurve, code: str | None, detail: str
    ) -> None:
        """P-256 and P-384 are good; another curve is E-ALG by its name."""
        private = ec.generate_private_key(curve)
        certificate = issue(private, "Invented bank")
        signature = pkcs7_signature(CONTENT, (private, certificate))

        verdict = verify(content, signature, [pin(certificate)], NOW)

        assert (verdict.code, verdict.detail) == (code, detail)

    def test_a_short_key(self, content: Path) -> None:
        """RSA of 1024 bits is E-ALG, pinned or not (B80)."""
        certificate = issue(rsa_key(1024), "Invented bank")
        signature = pkcs7_signature(CONTENT, (rsa_key(1024), certificate))

        for pins in ([pin(certificate)], PINS):
            verdict = verify(content, signature, pins, NOW)
            assert (verdict.code, verdict.detail) == ("E-ALG", "rsa 1024")

    def test_a_digest_not_on_the_list(self, content: Path) -> None:
        """SHA-224 is on nobody's list."""
        signature = pkcs7_signature(
            CONTENT, (SUPPLIER.private, SUPPLIER.certificate), digest=hashes.SHA224()
        )

        verdict = verify(content, signature, PINS, NOW)

        assert (verdict.code, verdict.detail) == ("E-ALG", "sha224")

    @pytest.mark.parametrize(
        ("field", "algorithm"),
        [
            ("digest_algorithm", "md5"),
            ("digest_algorithm", "sha1"),
            ("digest_algorithm", "1.2.112.0.2.0.34.101.31.81"),
            ("signature_algorithm", "sha1_ecdsa"),
            ("signature_algorithm", "1.2.112.0.2.0.34.101.45.12"),
            ("signature_algorithm", "ed25519"),
        ],
    )
    def test_named_in_the_signature(self, content: Path, field: str, algorithm: str) -> None:
        """MD5, SHA-1, unknown and national algorithms are E-ALG and named (B80)."""
        message = cms.ContentInfo.load(GOOD)
        message["content"]["signer_infos"][0][field] = {"algorithm": algorithm}

        verdict = verify(content, message.dump(force=True), PINS, NOW)

        assert (verdict.code, verdict.detail) == ("E-ALG", algorithm)

    def test_a_key_of_another_family(self, content: Path) -> None:
        """An algorithm that does not fit the key of the signer is E-SIG, no exception."""
        message = cms.ContentInfo.load(GOOD)
        message["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": "sha256_rsa"}

        assert verify(content, message.dump(force=True), PINS, NOW).code == "E-SIG"

    @needs_openssl
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ((), None),
            (("-md", "sha512"), None),
            (("-keyopt", "rsa_padding_mode:pss"), None),
            (("-nosmimecap",), None),
            (("-md", "sha1"), "E-ALG"),
            (("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1"), "E-ALG"),
            (("-noattr",), "E-SIG-FORM"),
            (("-nodetach",), "E-SIG-FORM"),
            (("-stream",), "E-SIG-FORM"),
        ],
    )
    def test_made_by_openssl(
        self, content: Path, tmp_path: Path, options: tuple[str, ...], code: str | None
    ) -> None:
        """What the openssl program signs in the profile is good, out of it refused."""
        certificate = issue(rsa_key(), "Invented bank")
        signature = openssl_signature(tmp_path, CONTENT, rsa_key(), certificate, *options)

        assert verify(content, signature, [pin(certificate)], NOW).code == code
