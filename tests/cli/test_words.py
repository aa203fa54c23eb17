"""The words that people read."""

import re

import pytest

from hub.cli.output import plain
from hub.cli.words import say, words


@pytest.mark.parametrize("key", words())
def test_a_text_says_the_same_in_both_languages(key: str) -> None:
    """English and Russian are both there, with the same placeholders."""
    text = words()[key]

    assert set(text) == {"en", "ru"}
    assert set(re.findall(r"\{(\w+)\}", text["en"])) == set(re.findall(r"\{(\w+)\}", text["ru"]))


def test_belarusian_readers_get_the_russian_text() -> None:
    """Where a text has no Belarusian form, it is Russian."""
    assert say("be", "yes") == say("ru", "yes") != say("en", "yes")


def test_nothing_steers_the_terminal() -> None:
    """Control characters and turned writing of a partner's text are shown, not obeyed."""
    assert plain("a\x1b[2J\u202eb\r\n") == "a\\x1b[2J\\u202eb\\r\\n"
    assert plain("Карточка ЛС №1") == "Карточка ЛС №1"
