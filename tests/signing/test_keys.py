"""Keys and certificates in a folder."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.errors import SettingsError
from hub.signing import keys
from tests.signing.makers import NOW, ec_key, issue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_a_new_key_is_for_our_eyes_only(folder: Path) -> None:
    """The folder has mode 0700 and the key 0600, whatever the umask is."""
    keys.new(folder, "hub", "Invented hub", NOW, None)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "hub.key").stat().st_mode) == 0o600


def test_a_new_certificate_is_for_signing(folder: Path) -> None:
    """It is self-issued, for signatures alone, and valid from the day before for ten years."""
    made = keys.certificate(keys.new(folder, "hub", "Invented hub", NOW, None))
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value

    made.verify_directly_issued_by(made)
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (
        True,
        True,
        False,
    )
    assert made.not_valid_before_utc == NOW - timedelta(days=1)
    assert made.not_valid_after_utc == NOW + timedelta(days=3650)


@pytest.mark.parametrize("passphrase", [None, "пароль".encode()])
def test_what_was_made_is_loaded(folder: Path, passphrase: bytes | None) -> None:
    """A key made with a pass phrase, or without one, loads with the same."""
    path = keys.new(folder, "hub", "Invented hub", NOW, passphrase)

    loaded = keys.load(folder, "hub", passphrase)

    assert loaded.certificate == keys.certificate(path)
    assert loaded.private.public_key() == loaded.certificate.public_key()


def test_an_encrypted_key_shows_nothing(folder: Path) -> None:
    """With a pass phrase the file is encrypted PKCS#8."""
    keys.new(folder, "hub", "Invented hub", NOW, b"secret")

    assert (folder / "hub.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.parametrize("passphrase", [None, b"", b"wrong"])
def test_a_wrong_pass_phrase(folder: Path, passphrase: bytes | None) -> None:
    """A pass phrase that is missing or wrong is a matter of settings, told without the key."""
    keys.new(folder, "hub", "Invented hub", NOW, b"secret")

    with pytest.raises(SettingsError, match=r"hub\.key: damaged, or the pass phrase"):
        keys.load(folder, "hub", passphrase)


@pytest.mark.parametrize(("which", "mode"), [("hub.key", 0o640), ("hub.key", 0o644), (".", 0o755)])
def test_a_key_that_others_may_read_is_refused(folder: Path, which: str, mode: int) -> None:
    """Another mode of the key or its folder is refused, with the command that mends it."""
    keys.new(folder, "hub", "Invented hub", NOW, None)
    (folder / which).chmod(mode)

    with pytest.raises(SettingsError, match="chmod"):
        keys.load(folder, "hub", None)


def test_a_key_is_never_overwritten(folder: Path) -> None:
    """A name that is taken is refused, and the first key stays."""
    keys.new(folder, "hub", "Invented hub", NOW, None)
    first = (folder / "hub.key").read_bytes()

    with pytest.raises(SettingsError, match="never overwritten"):
        keys.new(folder, "hub", "Invented hub", NOW, None)

    assert (folder / "hub.key").read_bytes() == first


@pytest.mark.parametrize("name", ["../hub", "", ".hub", "a/b", "ключ", "a" * 65])
def test_a_name_is_no_path(folder: Path, name: str) -> None:
    """The name of a key is a word, never a way out of the folder."""
    with pytest.raises(SettingsError, match="name of a key"):
        keys.new(folder, name, "Invented hub", NOW, None)


def test_a_certificate_of_another_key(folder: Path) -> None:
    """A pair whose halves do not belong together is refused."""
    keys.new(folder, "hub", "Invented hub", NOW, None)
    keys.new(folder, "old", "Invented hub", NOW, None)
    (folder / "hub.pem").write_bytes((folder / "old.pem").read_bytes())

    with pytest.raises(SettingsError, match="not the certificate of"):
        keys.load(folder, "hub", None)


def test_a_key_of_another_kind(folder: Path) -> None:
    """The hub signs with ECDSA; a key of another kind is refused when it is loaded."""
    keys.new(folder, "hub", "Invented hub", NOW, None)
    private = rsa.generate_private_key(65537, 2048)
    (folder / "hub.key").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )

    with pytest.raises(SettingsError, match="ECDSA keys only"):
        keys.load(folder, "hub", None)


def test_a_missing_key(folder: Path) -> None:
    """A key that is not there is told by its path."""
    keys.new(folder, "hub", "Invented hub", NOW, None)

    with pytest.raises(SettingsError, match=r"bank\.key"):
        keys.load(folder, "bank", None)


def test_a_certificate_in_either_form(tmp_path: Path) -> None:
    """A partner's certificate is read from PEM and from DER, and its fingerprint is the same."""
    made = issue(ec_key(), "Invented bank")
    (tmp_path / "bank.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (tmp_path / "bank.der").write_bytes(made.public_bytes(Encoding.DER))

    prints = {keys.fingerprint(keys.certificate(path)) for path in tmp_path.iterdir()}

    assert prints == {keys.fingerprint(made)}
    assert len(keys.fingerprint(made)) == 64


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA"])
def test_no_certificate(tmp_path: Path, content: bytes) -> None:
    """A file that is no certificate is told by its path."""
    (tmp_path / "bank.pem").write_bytes(content)

    with pytest.raises(SettingsError, match=r"bank\.pem"):
        keys.certificate(tmp_path / "bank.pem")


def test_the_list_of_a_folder(folder: Path) -> None:
    """It tells each certificate by name, and which of them have their key here."""
    keys.new(folder, "hub", "Invented hub", NOW, None)
    partner = issue(ec_key(), "Invented bank")
    (folder / "bank.pem").write_bytes(partner.public_bytes(Encoding.PEM))

    bank, hub = keys.listed(folder)

    assert (bank.name, bank.subject, bank.has_key) == ("bank", "CN=Invented bank", False)
    assert bank.fingerprint == keys.fingerprint(partner)
    assert (hub.name, hub.has_key, hub.valid_from) == ("hub", True, NOW - timedelta(days=1))
