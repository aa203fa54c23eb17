"""Documentation that cannot go stale: what the program offers is looked up in its pages.

Names, defaults and sentences are compared with the code, examples are run, links are followed.
"""

import re
import types
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from formats import erip_206, table
from formats.contract import Format, codes
from formats.registry import discover
from hub import gathering, jobs, mapping, settings
from hub.cli.main import VERBS
from hub.mapping.declared import CHOICES, FIELD_KEYS, FILE_KEYS
from hub.mapping.values import MAKERS
from hub.messages import MESSAGES

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
READMES = ("README.md", "README.ru.md")
SOURCES = [
    path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("hub/**/*.py"), *ROOT.glob("formats/*.py"))
    if "simulation" not in path.parts
]


# --- reading pages -----------------------------------------------------------------------------


@cache
def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """What stands under a heading of a page, down to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    start = page(name).index(f"\n{heading}\n") + len(heading) + 2
    end = re.compile(rf"^#{{1,{level}}} ", re.MULTILINE).search(page(name), start)
    return page(name)[start : end.start() if end else None]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in a text, without their titles."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def names(text: str) -> set[str]:
    """What the first column of the tables in a text names."""
    return {name for row in rows(text) for name in re.findall("`([^`]+)`", row[0])}


def example(name: str, title: str) -> str:
    """The block of a page that stands under its file name."""
    found = re.search(rf"^`{re.escape(title)}`\n```\w+\n(.*?)^```", page(name), re.M | re.S)
    assert found is not None, f"{name} has no example {title}"
    return found[1]


# --- findings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_finding_is_explained(code: str) -> None:
    """A code has its heading, its sentences in two languages, and says whether it is in use."""
    told, known = section("docs/findings.md", f"### {code}"), codes()[code]

    assert f"> {known.texts['ru']}\n" in told
    assert f"> {known.texts['en']}\n" in told
    assert ("Reserved." in told) is not any(f'"{code}"' in source for source in SOURCES)


def test_no_finding_is_invented() -> None:
    """A heading that no code has is found."""
    told = re.findall("^### (.+)$", page("docs/findings.md"), re.MULTILINE)

    assert sorted(told) == sorted(codes())


# --- settings ----------------------------------------------------------------------------------

TABLES: Mapping[str, type[BaseModel]] = {
    "## `[hub]`": settings.HubTable,
    "## `[database]`": settings.DatabaseTable,
    "### Policies": settings.Policies,
    "## `[[partner]]`": settings.Partner,
    "## `[[channel]]`": settings.Channel,
    "### `receipt`": settings.ReceiptRule,
    "### `cutoff`": settings.Cutoff,
}
KEYS = [
    (heading, field.alias or key, field)
    for heading, model in TABLES.items()
    for key, field in model.model_fields.items()
]
KEYS += [
    ("## `[scheme.<code>]`", key, field)
    for key, field in settings.Scheme.model_fields.items()
    if key not in ("code", "policies")
]
KEYS += [("## `[[agreement]]`", k, field) for k, field in settings.Agreement.model_fields.items()]
KEYS += [("## `[[schedule]]`", k, field) for k, field in settings.Schedule.model_fields.items()]


@pytest.mark.parametrize(
    ("heading", "key", "field"), KEYS, ids=[f"{h.strip('# `')}-{key}" for h, key, _ in KEYS]
)
def test_every_setting_is_explained(heading: str, key: str, field: Any) -> None:
    """A key stands in its table with its values and its true default."""
    row = next((r for r in rows(section("docs/settings.md", heading)) if r[0] == f"`{key}`"), None)

    assert row is not None, f"{key} is not in {heading}"
    assert row[2] == ("required" if field.is_required() else default(field.default))
    for value in literals(field.annotation):
        assert f'`"{value}"`' in row[1]


def default(value: object) -> str:
    """A default as the page writes it."""
    return "–" if value is None else f"`{as_toml(value)}`"


def as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def literals(kind: object) -> Iterator[object]:
    """The words that an annotation allows."""
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for part in get_args(kind):
            yield from literals(part)


def test_no_setting_is_invented() -> None:
    """A key in the page that the settings do not know is found."""
    known = {key for _, key, _ in KEYS} | set(jobs.JOBS) | {"departure:<agreement>"}
    told = page("docs/settings.md").partition("## Options of the formats")[0]

    assert {name for row in rows(told) for name in [row[0].strip("`")] if name[0] != '"'} <= known


def test_every_job_and_kind_is_explained() -> None:
    """The jobs of a schedule and the kinds of outgoing files are named."""
    assert set(jobs.JOBS) <= names(section("docs/settings.md", "## `[[schedule]]`"))
    kinds = section("docs/settings.md", "### Which file, which way")
    assert all(f"`{kind}`" in kinds for kind in gathering.GATHERERS)


def test_the_settings_of_the_page_are_right(tmp_path: Path) -> None:
    """The example is taken as it stands."""
    path = tmp_path / "settings.toml"
    path.write_text(example("docs/settings.md", "settings.toml"), encoding="utf-8")

    assert set(settings.load(path).agreements) == {"erip-206", "erip-demands"}


# --- formats -----------------------------------------------------------------------------------

FORMATS = discover()


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.NAME)
def test_every_format_is_explained(form: Format) -> None:
    """A format is listed with its title, direction and versions."""
    told = rows(section("docs/settings.md", "## Options of the formats"))

    assert [f"`{form.NAME}`", form.TITLE, form.DIRECTION, ", ".join(form.VERSIONS)] in told


@pytest.mark.parametrize(
    ("name", "key"), [(n, key) for n, f in FORMATS.items() for key in f.OPTIONS]
)
def test_every_option_is_explained(name: str, key: str) -> None:
    """An option stands with its default in the group of its format, or with its name."""
    group = {"erip": "### ERIP", "bank": "### Bank"}.get(name.partition(".")[0], "### Tables")
    told = rows(section("docs/settings.md", group))
    wanted = default(FORMATS[name].OPTIONS[key])

    shared = any(row[0] == f"`{key}`" and row[2] == wanted for row in told)
    own = any(row[:2] == [f"`{name}`", f"`{key}`"] and row[3] == wanted for row in told)
    assert shared or own


# --- mappings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("## The file", set(FILE_KEYS)),
        ("## Messages", set(MESSAGES)),
        ("## A field", set(FIELD_KEYS)),
        ("## Conversions", set(MAKERS)),
    ],
)
def test_the_mapping_language_is_explained(heading: str, known: set[str]) -> None:
    """Keys, messages and conversions are those of the code, no more and no fewer."""
    assert names(section("docs/mappings.md", heading)) == known


def test_the_choices_of_a_mapping_are_explained() -> None:
    """Every word that a key may have is named in its row."""
    told = {row[0].strip("`"): row[1] for row in rows(section("docs/mappings.md", "## A field"))}

    for key in set(CHOICES) - {"as"}:
        assert all(f"`{word}`" in told[key] for word in CHOICES[key]), key


def test_the_mapping_of_the_page_is_right(tmp_path: Path) -> None:
    """The example compiles for the columns of its format."""
    path = tmp_path / "example-206.toml"
    path.write_text(example("docs/mappings.md", "mappings/example-206.toml"), encoding="utf-8")
    found = mapping.load(path)

    assert found.format == erip_206.NAME
    assert found.reader(erip_206.RECORD, {})


# --- the worked examples of CONTRIBUTING -------------------------------------------------------


def test_the_layout_of_the_page_works(tmp_path: Path) -> None:
    """Layout and mapping turn the sample of the page into readings."""
    for name in ("formats/sever_readings.toml", "mappings/sever-readings.toml"):
        (tmp_path / Path(name).name).write_text(example("CONTRIBUTING.md", name), encoding="utf-8")
    form = table.load(tmp_path / "sever_readings.toml")
    sample = example("CONTRIBUTING.md", "SEVER_20260925.csv").encode("windows-1251")
    reader = mapping.load(tmp_path / "sever-readings.toml").reader(form.layout, {})

    assert form.recognise("SEVER_20260925.csv", sample)
    good, bad = reader.translate(list(form.decode(BytesIO(sample), {})[1]))

    assert not bad
    read = [(line, m[1], m[2], m[5], m[9]) for line, m in good]
    assert read == [
        (2, "0100000017", "cold_water", 123_500_000, "2026-09-25"),
        (3, "0100000025", "gas", 870_000_000, "2026-09-25"),
    ]


def test_the_agreement_of_the_page_is_right(tmp_path: Path) -> None:
    """The agreement fits the settings once its partner is there."""
    (tmp_path / "formats").mkdir()
    layout = example("CONTRIBUTING.md", "formats/sever_readings.toml")
    (tmp_path / "formats" / "sever_readings.toml").write_text(layout, encoding="utf-8")
    partner = '[[partner]]\nid = "sever"\nrole = "supplier"\nname = "Север"\nunp = "390000008"\n'
    partner += 'certificates = ["sever.pem"]\n[[channel]]\nid = "sever"\npartner = "sever"\n'
    whole = example("docs/settings.md", "settings.toml") + partner
    path = tmp_path / "settings.toml"
    path.write_text(whole + example("CONTRIBUTING.md", "settings.toml"), encoding="utf-8")

    found = settings.load(path, discover([tmp_path / "formats"])).agreements["sever-readings"]

    assert found.pattern.fullmatch("SEVER_20260925.csv")


def test_the_module_of_the_page_works() -> None:
    """The module reads its lines and refuses a line of another length."""
    module = types.ModuleType("sever_device")
    exec(example("CONTRIBUTING.md", "formats/sever_device.py"), module.__dict__)
    line = b"0100000017W-1001      00123.50020260925\r\n"

    assert module.recognise("any", line)
    _, found = module.decode(BytesIO(line + line), {})
    assert list(found)[1] == (2, ("0100000017", "W-1001", "00123.500", "20260925"))
    _, found = module.decode(BytesIO(line + b"short\n"), {})
    with pytest.raises(module.Unreadable) as caught:
        list(found)
    assert (caught.value.finding.code, caught.value.finding.line) == ("E-COLUMNS", 2)


# --- commands ----------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """Every command as it is typed."""
    for name, verb in VERBS.items():
        found = getattr(import_module(verb.module), verb.name)
        if not isinstance(found, typer.Typer):
            yield f"hub {name}"
            continue
        for command in found.registered_commands:
            assert command.callback is not None
            yield f"hub {name} {command.name or command.callback.__name__}"


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_explained(readme: str) -> None:
    """The table of commands has every command and no other."""
    told = [name for name in names(page(readme)) if name.startswith("hub ")]
    typed = {" ".join(re.findall("^hub(?: [a-z]+)+", name)) for name in told}

    assert typed == set(commands())


@pytest.mark.parametrize("readme", READMES)
def test_every_target_exists(readme: str) -> None:
    """What a newcomer is told to type is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z]+)$", page(readme), re.MULTILINE))

    assert targets == {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_both_readmes_tell_the_same() -> None:
    """They have the same chapters, commands to type, table rows and links."""
    english, russian = map(page, READMES)
    for pattern in (r"^## ", r"^\d\. ", r"^\| ", r"^\* "):
        found = [len(re.findall(pattern, text, re.MULTILINE)) for text in (english, russian)]
        assert found[0] == found[1], pattern
    typed = [re.findall(r"^(?:hub|make) .+$", text, re.MULTILINE) for text in (english, russian)]
    assert typed[0] == typed[1]
    linked = [set(LINK.findall(text)) - set(READMES) for text in (english, russian)]
    assert linked[0] == linked[1]


# --- names and links ---------------------------------------------------------------------------

LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
SOURCE = re.compile(r"`((?:tests|hub|formats)/[\w/]+\.(?:py|toml))`")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Links to files, and the tests that are named as proofs, are there."""
    text = path.read_text(encoding="utf-8")
    linked = [path.parent / link for link in LINK.findall(text) if "://" not in link]
    named = [ROOT / name for name in SOURCE.findall(text)]
    own_examples = {"sever_readings.toml", "sever_device.py"}

    missing = [found for found in linked + named if not found.exists()]
    assert [found for found in missing if found.name not in own_examples] == []


PATH = "docs/path-of-a-file.md"


@pytest.mark.parametrize("dotted", sorted(set(re.findall(r"`(hub\.[\w.]+)`", page(PATH)))))
def test_functions_of_the_path_exist(dotted: str) -> None:
    """What the path of a file names is there under that name."""
    parts = dotted.split(".")
    found: Any = import_module("hub")
    for at, part in enumerate(parts[1:], 2):
        if isinstance(found, types.ModuleType) and not hasattr(found, part):
            import_module(".".join(parts[:at]))
        found = getattr(found, part)


def test_every_kill_point_is_explained() -> None:
    """Each stage at which the kill test stops the process says what a restart does."""
    stages = {name for source in SOURCES for name in re.findall(r'\bstage\("([^"]+)"\)', source)}

    assert names(section(PATH, "## When the process is killed")) == stages
