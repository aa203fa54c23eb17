"""The worked examples of the billing rules, reckoned by the functions that rate a month.

A few are copied here; where the whole list lies beside the repository, all of it is reckoned.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.billing import benefit, meters, penalty, split
from hub.billing.days import Resident, Window, due_date, person_days, stays
from hub.billing.line import Fraction, amount, quantity_of
from hub.money import MONEY, QUANTITY, SHARE, TARIFF, half_up, roubles, spread
from hub.month import Month

HERE = Path(__file__)
WHOLE = HERE.parents[2].parent / "shared/spec/golden-billing.json"
Case = dict[str, Any]


def scaled(text: str, scale: int) -> int:
    """A decimal text times a scale, exactly."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, places = digits.partition(".")
    assert len(places.rstrip("0")) <= len(str(scale)) - 1
    return sign * (int(whole) * scale + int(places.ljust(20, "0")) * scale // 10**20)


def six(value: int) -> str:
    """Millionths with six places."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // QUANTITY}.{abs(value) % QUANTITY:06d}"


def product(given: Case) -> Fraction:
    factors = [scaled(factor, QUANTITY) for factor in given["factors"]]
    return quantity_of(factors, [int(divisor) for divisor in given.get("divisors", ())])


def line(given: Case) -> Case:
    quantity = product(given)
    price = scaled(given["tariff"], TARIFF)
    return {"quantity": six(quantity.rounded), "amount": roubles(amount(quantity, price))}


def line_sum(given: Case) -> Case:
    amounts = [scaled(line(each)["amount"], MONEY) for each in given["lines"]]
    return {"amounts": [roubles(each) for each in amounts], "total": roubles(sum(amounts))}


def split_line(given: Case) -> Case:
    prices = {
        "sub": scaled(given.get("tariff_sub", "0"), TARIFF),
        "full": scaled(given.get("tariff_full", "0"), TARIFF),
    }
    parts, more = RULES[given["rule"]](given, prices)
    amounts = [amount(part.quantity, prices[part.component]) for part in parts]
    shown = [
        {"component": part.component, "quantity": six(part.quantity.rounded), "amount": roubles(a)}
        for part, a in zip(parts, amounts, strict=True)
    ]
    return {"parts": shown, "total": roubles(sum(amounts)), **more}


Prices = dict[str, int]


def by_norm(given: Case, _: Prices) -> tuple[Sequence[split.Part], Case]:
    norm = scaled(given["norm_per_person_day"], QUANTITY) * given["persons"] * given["days"]
    quantity = Fraction(scaled(given["quantity"], QUANTITY), 1)
    return split.above_norm(quantity, Fraction(norm, 1)), {"norm_quantity": six(norm)}


def by_share(given: Case, _: Prices) -> tuple[Sequence[split.Part], Case]:
    return split.by_share(product(given), **given["full_share"]), {}


def by_tiers(given: Case, prices: Prices) -> tuple[Sequence[split.Part], Case]:
    tiers = []
    for tier in given["tiers"]:
        limit = tier["up_to"]
        tiers.append(split.Tier(tier["component"], limit and scaled(limit, QUANTITY)))
        raised = scaled(tier["tariff"], TARIFF) * scaled(tier["coefficient"], SHARE)
        prices[tier["component"]] = raised // SHARE
    return split.by_tiers(scaled(given["quantity"], QUANTITY), tiers), {}


def by_zones(given: Case, prices: Prices) -> tuple[Sequence[split.Part], Case]:
    prices |= {zone["component"]: scaled(zone["tariff"], TARIFF) for zone in given["zones"]}
    return [
        split.Part(zone["component"], Fraction(scaled(zone["quantity"], QUANTITY), 1))
        for zone in given["zones"]
    ], {}


RULES: dict[str, Callable[[Case, Prices], tuple[Sequence[split.Part], Case]]] = {
    "norm": by_norm,
    "share": by_share,
    "tiers": by_tiers,
    "zones": by_zones,
    "whole_full": lambda given, _: (split.whole(product(given), full=True), {}),
    "whole_sub": lambda given, _: (split.whole(product(given), full=False), {}),
}


def discount(given: Case) -> Case:
    quantity = Fraction(scaled(given["quantity"], QUANTITY), 1)
    price = scaled(given["tariff"], TARIFF)
    limit = Fraction(scaled(given["limit"], QUANTITY), 1)
    percent = scaled(given["percent"], SHARE) // 100
    charge = amount(quantity, price)
    found = benefit.discount(quantity, limit, price, percent, Fraction(30, 30))
    return {
        "charge": roubles(charge),
        "discount": roubles(found),
        "payable": roubles(charge - found),
    }


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def accrued(given: Case) -> Case:
    rates = [
        penalty.RateRow(
            date.fromisoformat(row["from"]),
            row["to"] and date.fromisoformat(row["to"]) + timedelta(days=1),
            scaled(row["rate"], SHARE),
            day(row.get("debt_date_after")),
        )
        for row in given["rates"]
    ]
    due = date.fromisoformat(given["due_date"])
    paid = [
        penalty.Paid(date.fromisoformat(p["date"]), scaled(p["amount"], MONEY))
        for p in given["payments"]
    ]
    debt = penalty.Overdue(scaled(given["base"], MONEY), due, paid)
    first = day(given.get("accrue_from")) or due + timedelta(days=1)
    found = penalty.runs(debt, first, date.fromisoformat(given["accrue_to"]), rates)
    before = scaled(given.get("posted_before", "0"), MONEY)
    return {
        "segments": [
            {"base": roubles(s.base), "rate": _short(s.rate), "days": s.days}
            for s in penalty.segments(found)
        ],
        "amount": roubles(penalty.total(found, given["rounding"]) - before),
    }


def _short(rate: int) -> str:
    return six(rate).rstrip("0").rstrip(".")


def by_person_days(given: Case) -> Case:
    begins = date.fromisoformat(given["period_from"])
    window = Window.of(Month.of(begins))
    people = [
        Resident(
            f"{span['from']}-{number}",
            span["from"],
            (date.fromisoformat(span["to"]) + timedelta(days=1)).isoformat(),
            False,
        )
        for span in given["spans"]
        for number in range(span["persons"])
    ]
    days = person_days(stays(window, people), window.start, window.stop)
    norm = scaled(given["norm"], QUANTITY)
    quantity = Fraction(norm * days, int(given["norm_divisor"]) * window.days)
    return {
        "person_days": days,
        "quantity": six(quantity.rounded),
        "amount": roubles(amount(quantity, scaled(given["tariff"], TARIFF))),
    }


def shares(given: Case) -> Case:
    scale = 10 ** given["places"]
    weights = [scaled(item["weight"], QUANTITY) for item in given["weights"]]
    found = spread(scaled(given["total"], scale), weights)
    keys = [item["key"] for item in given["weights"]]
    show = six if given["places"] == 6 else roubles
    return {"shares": [{"key": k, "amount": show(a)} for k, a in zip(keys, found, strict=True)]}


def consumed(given: Case) -> Case:
    steps = [
        meters.Step(
            scaled(s["previous"], QUANTITY),
            scaled(s["current"], QUANTITY),
            s["digits"],
            scaled(s["coefficient"], QUANTITY),
        )
        for s in given["segments"]
    ]
    return {"consumption": six(meters.consumption(steps))}


def due(given: Case) -> Case:
    off = given.get("holidays", ())
    found = due_date(
        Month.parse(given["period"]),
        given["due_day"],
        given["shift"],
        lambda day: day.weekday() < 5 and day.isoformat() not in off,
    )
    return {"due_date": f"{found}", "debt_date": f"{found + timedelta(days=1)}"}


def prorated(given: Case) -> Case:
    whole = product(given)
    amounts = [
        amount(
            Fraction(whole.num * segment["days"], whole.den * given["days_in_period"]),
            scaled(segment["tariff"], TARIFF),
        )
        for segment in given["segments"]
    ]
    return {"parts": [roubles(a) for a in amounts], "total": roubles(sum(amounts))}


def rounded(given: Case) -> Case:
    return {"amount": roubles(half_up(scaled(given["value"], 10**8), 10**6))}


KINDS: dict[str, Callable[[Case], Case]] = {
    "line": line,
    "line_sum": line_sum,
    "split_line": split_line,
    "benefit": discount,
    "penalty": accrued,
    "person_days": by_person_days,
    "spread": shares,
    "meter": consumed,
    "due_date": due,
    "proration": prorated,
    "rounding": rounded,
}


def cases() -> list[Case]:
    """The cases copied here and, where they are, all of the kinds known."""
    found: list[Case] = json.loads(HERE.with_name("cases.json").read_text(encoding="utf-8"))
    if WHOLE.exists():
        found += json.loads(WHOLE.read_text(encoding="utf-8"))
    return [case for case in found if case["kind"] in KINDS]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_worked_examples(case: Case) -> None:
    """Every key that a worked example expects is in the result and equal."""
    got = KINDS[case["kind"]](case["given"])

    assert {key: got.get(key) for key in case["expect"]} == case["expect"]
