"""Signatures of the other side: what it makes it can verify, what was changed it refuses."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from hub.simulation.signature import Signer, enrol, fault

CONTENT = "Реестр\r\n".encode("cp1251")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """A signer of this test's own."""
    return enrol(tmp_path / "one", "Первый")


def test_a_signature_is_good(signer: Signer) -> None:
    """What a partner signs is found right with its certificate."""
    assert fault(CONTENT, signer.sign(CONTENT), signer.certificate) is None


def test_enrolled_once(tmp_path: Path, signer: Signer) -> None:
    """The keys of a folder are made once and found again."""
    again = enrol(tmp_path / "one", "Первый")

    assert again.certificate == signer.certificate
    assert (tmp_path / "one" / "key.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", CONTENT + b"x", CONTENT[:-2]])
def test_changed_content(signer: Signer, content: bytes) -> None:
    """Content that is not what was signed is refused."""
    assert fault(content, signer.sign(CONTENT), signer.certificate) is not None


def test_another_signer(tmp_path: Path, signer: Signer) -> None:
    """A good signature of somebody else is refused."""
    other = enrol(tmp_path / "two", "Второй")

    assert fault(CONTENT, other.sign(CONTENT), signer.certificate) is not None


def test_a_forged_signature(signer: Signer) -> None:
    """A signature value with a changed byte is refused."""
    signature = bytearray(signer.sign(CONTENT))
    signature[-3] ^= 1

    assert fault(CONTENT, bytes(signature), signer.certificate) is not None


@pytest.mark.parametrize("signature", [None, b"", b"no CMS", b"0\x80"])
def test_no_signature_at_all(signer: Signer, signature: bytes | None) -> None:
    """A missing signature and garbage are faults with a sentence, never a traceback."""
    assert fault(CONTENT, signature, signer.certificate)


def test_an_attached_signature(signer: Signer) -> None:
    """A signature that carries the content is not detached and is refused."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(CONTENT)
    builder = builder.add_signer(signer.certificate, signer.key, hashes.SHA256())
    attached = builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    assert fault(CONTENT, attached, signer.certificate) == "the signature is not detached"


def test_validity_is_that_of_the_demo(signer: Signer) -> None:
    """A certificate is valid from 2026 to 2036, whatever the machine's clock says."""
    certificate: x509.Certificate = signer.certificate

    assert certificate.not_valid_before_utc.year == 2026
    assert certificate.not_valid_after_utc.year == 2036


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_openssl_agrees(tmp_path: Path, signer: Signer) -> None:
    """An independent program verifies the signature."""
    (tmp_path / "data").write_bytes(CONTENT)
    (tmp_path / "data.p7s").write_bytes(signer.sign(CONTENT))
    certificate = tmp_path / "one" / "cert.pem"

    done = subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "data.p7s",
         "-content", tmp_path / "data", "-certfile", certificate, "-CAfile", certificate,
         "-noverify", "-out", tmp_path / "out"],
        capture_output=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
