"""Making detached signatures; the openssl program is the independent oracle."""

import subprocess
import tracemalloc
from datetime import UTC
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding

from hub.errors import SigningFailed
from hub.signing.sign import sign
from hub.signing.verify import verify
from tests.signing.makers import NOW, needs_openssl, pin, signing_key, signing_time

KEY = signing_key("Invented hub")
CONTENT = "Реестр;1\r\n12,50\r\n".encode("cp1251")


def test_the_profile() -> None:
    """One signer, no content, the certificate enclosed, three signed attributes, strict order."""
    data = cms.ContentInfo.load(sign(CONTENT, KEY, NOW), strict=True)["content"]
    [signer] = data["signer_infos"]
    attributes = [one["type"].native for one in signer["signed_attrs"]]
    encoded = [one.dump() for one in signer["signed_attrs"]]

    assert data["encap_content_info"]["content"].native is None
    assert [one.chosen.dump() for one in data["certificates"]] == [
        KEY.certificate.public_bytes(Encoding.DER)
    ]
    assert sorted(attributes) == ["content_type", "message_digest", "signing_time"]
    assert encoded == sorted(encoded)


def test_the_time_is_that_of_the_argument() -> None:
    """The signature states the instant that was passed in, not that of the machine."""
    assert signing_time(sign(CONTENT, KEY, NOW)) == NOW.astimezone(UTC)


@pytest.mark.parametrize("content", [b"", CONTENT, bytes(100_000)])
def test_a_file_and_its_bytes(tmp_path: Path, content: bytes) -> None:
    """Signing the bytes and signing the file that holds them both verify against the file."""
    path = tmp_path / "register.csv"
    path.write_bytes(content)

    for signature in (sign(content, KEY, NOW), sign(path, KEY, NOW)):
        assert verify(path, signature, [pin(KEY.certificate)], NOW).code is None


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A file of 64 MiB is signed and verified with less than 4 MiB of our memory."""
    path = tmp_path / "large.csv"
    with path.open("wb") as out:
        out.truncate(64 << 20)
    tracemalloc.start()
    try:
        signature = sign(path, KEY, NOW)
        verdict = verify(path, signature, [pin(KEY.certificate)], NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert verdict.code is None
    assert peak < 4 << 20


def test_a_content_that_is_away(tmp_path: Path) -> None:
    """A file that cannot be read is our failure, and the dispatch waits."""
    with pytest.raises(SigningFailed, match="key test"):
        sign(tmp_path / "absent.csv", KEY, NOW)


@needs_openssl
def test_openssl_accepts_what_we_sign(tmp_path: Path) -> None:
    """The openssl program verifies our signature, and refuses it for other content."""
    anchor = tmp_path / "hub.pem"
    anchor.write_bytes(KEY.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "register.csv").write_bytes(CONTENT)
    (tmp_path / "other.csv").write_bytes(CONTENT + b" ")
    (tmp_path / "register.csv.p7s").write_bytes(sign(CONTENT, KEY, NOW))

    def verified(content: str) -> bool:
        call = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
        call += ["-in", "register.csv.p7s", "-content", content, "-CAfile", anchor.name]
        call += ["-no_check_time", "-out", "/dev/null"]
        return subprocess.run(call, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert (verified("register.csv"), verified("other.csv")) == (True, False)
