"""The words that people read, in English and Russian, from `words.toml` beside this module."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """All texts by their key; each in `en` and `ru`."""
    content = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(content)


def say(lang: str, key: str, **facts: object) -> str:
    """A text in a language (Belarusian readers get the Russian one), its placeholders filled."""
    return words()[key]["en" if lang == "en" else "ru"].format_map(facts)
