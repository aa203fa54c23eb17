"""Documents made at random by an official schema: what others may rightly send."""

import re
from pathlib import Path
from random import Random
from typing import ClassVar

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
_PIECE = re.compile(r"(?:\[(.*?)\]|(\\?[^\[{]))(?:\{(\d+)(?:,(\d+))?\})?")
LEVELS = 14
"""From here on only what is mandatory is made."""


class Official:
    """Makes valid documents of one schema; only the parts of the language that ISO uses."""

    BUILT_IN: ClassVar[dict[str, tuple[str, ...]]] = {
        "xs:date": ("2026-10-06", "2026-10-06Z", "2026-10-06+03:00"),
        "xs:dateTime": ("2026-10-06T23:30:00Z", "2026-10-06T10:00:00.5"),
        "xs:boolean": ("true", "0"),
        "xs:time": ("10:00:00",),
        "xs:gYear": ("2026",),
        "xs:gYearMonth": ("2026-10",),
        "xs:base64Binary": ("AAAA",),
    }  # fmt: skip

    def __init__(self, path: Path, random: Random) -> None:
        schema = etree.parse(path).getroot()
        self._random = random
        self._space = schema.get("targetNamespace")
        self._types = {part.get("name"): part for part in schema if part.get("name")}

    def document(self) -> bytes:
        """A document of the one message that the schema describes."""
        document = etree.Element(f"{{{self._space}}}Document", nsmap={None: self._space})
        self._fill(document, "Document", 1)
        return etree.tostring(document)

    def _fill(self, element: etree._Element, name: str, level: int) -> None:
        if name in self.BUILT_IN:
            element.text = self._random.choice(self.BUILT_IN[name])
            return
        kind = self._types[name]
        if kind.tag == f"{XS}simpleType":
            element.text = self._value(kind)
        elif (content := kind.find(f"{XS}simpleContent/{XS}extension")) is not None:
            self._fill(element, content.get("base"), level)
            for attribute in content.iter(f"{XS}attribute"):
                element.set(attribute.get("name"), self._value(self._types[attribute.get("type")]))
        else:
            for part in kind:
                self._group(element, part, level)

    def _group(self, element: etree._Element, group: etree._Element, level: int) -> None:
        parts = [self._random.choice(list(group))] if group.tag == f"{XS}choice" else group
        for part in parts:
            for _ in range(self._times(part, level)):
                if part.tag == f"{XS}any":
                    etree.SubElement(element, "{urn:example:any}thing").text = "1"
                else:
                    made = etree.SubElement(element, f"{{{self._space}}}{part.get('name')}")
                    self._fill(made, part.get("type"), level + 1)

    def _times(self, part: etree._Element, level: int) -> int:
        least, most = part.get("minOccurs", "1"), part.get("maxOccurs", "1")
        if level >= LEVELS:
            return int(least)
        bound = int(least) + 2 if most == "unbounded" else min(int(most), 2)
        return self._random.choice((int(least), self._random.randint(int(least), bound)))

    def _value(self, kind: etree._Element) -> str:
        rule = kind.find(f"{XS}restriction")
        facets = {facet.tag.removeprefix(XS): facet.get("value") for facet in rule}
        choices = [facet.get("value") for facet in rule.iter(f"{XS}enumeration")]
        if choices:
            return self._random.choice(choices)
        if "pattern" in facets:
            return self._by_pattern(facets["pattern"])
        if rule.get("base") == "xs:decimal":
            return self._number(facets)
        if rule.get("base") in self.BUILT_IN:
            return self._random.choice(self.BUILT_IN[rule.get("base")])
        least, most = int(facets.get("minLength", 1)), int(facets.get("maxLength", 9))
        length = self._random.choice((least, self._random.randint(least, most), most))
        return "".join(self._random.choice("аў «»-&<'\"Zz9") for _ in range(length))

    def _number(self, facets: dict[str, str]) -> str:
        places = self._random.choice((0, 0, min(2, int(facets["fractionDigits"]))))
        whole = self._random.choice(("0", "7", "85", "1234567"))
        return whole + ("." + "0595"[:places] if places else "")

    def _by_pattern(self, pattern: str) -> str:
        """Text for patterns that are rows of classes with counts, and optional groups."""
        pattern = re.sub(r"\((.*?)\)\{0,1\}", self._random.choice(("", r"\1")), pattern)
        made = ""
        for signs, plain, least, most in _PIECE.findall(pattern):
            count = self._random.randint(int(least or 1), int(most or least or 1))
            made += "".join(self._sign(signs, plain) for _ in range(count))
        return made

    def _sign(self, signs: str, plain: str) -> str:
        if plain:
            return plain.removeprefix("\\")
        ranges = re.sub("([A-Za-z0-9])-([A-Za-z0-9])", _spread, signs.replace("\\", ""))
        return self._random.choice(ranges)


def _spread(found: re.Match[str]) -> str:
    return "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1)))
