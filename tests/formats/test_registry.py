"""Which formats are found, and that two of one name stop the start."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from formats import erip_206, registry
from formats.contract import Format

PACKAGE = Path(registry.__file__).parent
ERIP = {"erip.202", "erip.204", "erip.206", "erip.210", "erip.216"}
OFFERED = ("NAME", "TITLE", "DIRECTION", "VERSIONS", "OPTIONS", "recognise", "decode", "check")


def test_everything_in_the_package_is_found(formats: Mapping[str, Format]) -> None:
    """Modules with a name and layouts are formats; the table of findings is none."""
    layouts = [path for path in PACKAGE.glob("*.toml") if path.name != "findings.toml"]

    assert set(formats) >= ERIP
    assert len([name for name in formats if name not in ERIP]) >= len(layouts)
    assert all(name == form.NAME for name, form in formats.items())


def test_formats_offer_the_contract(formats: Mapping[str, Format]) -> None:
    """Each format has all the names of the contract and says where it goes."""
    for form in formats.values():
        assert all(hasattr(form, name) for name in (*OFFERED, "encode"))
        assert form.DIRECTION in ("in", "out", "both")
        assert form.VERSIONS


def test_layouts_of_an_instance_are_found(tmp_path: Path) -> None:
    """A layout in a folder of the instance is a format like those of the package."""
    layout = (PACKAGE / "hub_tariffs.toml").read_text(encoding="utf-8")
    text = layout.replace('"hub.tariffs"', '"town.tariffs"')
    (tmp_path / "town.toml").write_text(text, encoding="utf-8")

    assert registry.discover([tmp_path])["town.tariffs"].NAME == "town.tariffs"


def test_the_package_as_the_instance() -> None:
    """Layouts are not read twice where the instance is the folder of the package."""
    assert registry.discover([PACKAGE]).keys() == registry.discover().keys()


def test_two_of_one_name(tmp_path: Path) -> None:
    """Two formats with one name are an error that names both places."""
    (tmp_path / "mine.toml").write_bytes((PACKAGE / "hub_tariffs.toml").read_bytes())

    with pytest.raises(ValueError, match=r"hub\.tariffs: .*hub_tariffs\.toml and .*mine\.toml"):
        registry.discover([tmp_path])


def test_installed_packages_bring_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that declares the entry point brings a format; a name twice names its place."""
    point = EntryPoint("again", "formats.erip_206", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == registry.GROUP))

    with pytest.raises(ValueError, match=rf"{erip_206.NAME}: formats\.erip_206 and"):
        registry.discover()
