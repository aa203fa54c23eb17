"""Allocation, its mirror, fees and what suppliers get (`billing.md`, 13, 14 and 23)."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.billing.allocation import OpenLine, Rules, allocate, mirrored
from hub.billing.fees import Due, fee, fee_differs, fee_parts
from hub.money import roubles

GOLDEN = Path(__file__).parents[3] / "shared" / "spec" / "golden-billing.json"
OWED = [
    OpenLine("C1", "2026-01", 3725, 0),
    OpenLine("C2", "2026-01", 1210, 0),
    OpenLine("C3", "2026-02", 847, 0),
    OpenLine("C4", "2026-02", 62, 0),
]
PENALISED = [OpenLine("C1", "2026-01", 6000, 16)]

amounts = st.integers(0, 10**7)
lines_owed = st.lists(
    st.builds(
        OpenLine, st.integers(1, 9), st.integers(1, 4), st.integers(-500, 10**6),
        st.integers(-50, 10**4),
    ),
    max_size=8,
).map(lambda lines: sorted(lines, key=lambda line: line.period))  # fmt: skip
policies = st.builds(
    Rules,
    st.sampled_from(["oldest_first", "proportional"]),
    st.sampled_from(["capped", "binding"]),
    st.sampled_from(["unallocated", "penalty"]),
)


def paid(
    service: int, penalty: int, lines: list[OpenLine], **rules: str
) -> tuple[list[tuple[Any, ...]], int]:
    """(contract, ledger, amount) of the parts, and the rest."""
    parts, rest = allocate(service, penalty, lines, Rules(**rules))
    return [(lines[p.line].contract, p.ledger, p.amount) for p in parts], rest


class TestPrincipal:
    """Periods in ascending order, inside a period proportional by the largest remainder."""

    def test_oldest_period_first(self) -> None:
        """50.00 pays January whole and shares the rest over February [G43]."""
        parts, rest = paid(5000, 0, OWED)
        assert [amount for *_, amount in parts] == [3725, 1210, 61, 4]
        assert rest == 0

    def test_proportional(self) -> None:
        """Under `proportional` all periods share as one [G42]."""
        parts, _ = paid(5000, 0, OWED, order="proportional")
        assert [amount for *_, amount in parts] == [3187, 1035, 725, 53]

    def test_equal_lines(self) -> None:
        """The first of equal lines gets the remaining kopeck [G45]."""
        equal = [OpenLine(n, 1, 500, 0) for n in range(3)]
        parts, _ = paid(1000, 0, equal)
        assert [amount for *_, amount in parts] == [334, 333, 333]

    def test_more_than_the_debt(self) -> None:
        """What exceeds the debt stays unallocated [X7]."""
        assert paid(7000, 0, OWED)[1] == 1156

    def test_a_credit_attracts_nothing(self) -> None:
        """A negative balance gets no part, and there are no parts of zero."""
        lines = [OpenLine("C1", 1, -100, 0), OpenLine("C2", 1, 100, 0), OpenLine("C3", 1, 0, 0)]
        assert paid(50, 0, lines) == ([("C2", "principal", 50)], 0)


class TestParts:
    """Principal and penalty parts of a payment (13.2)."""

    def test_the_penalty_part_is_capped(self) -> None:
        """Penalty above the open penalty goes to principal [X8]."""
        assert paid(5350, 21, PENALISED) == (
            [("C1", "principal", 5355), ("C1", "penalty", 16)], 0,
        )  # fmt: skip

    def test_service_excess_stays(self) -> None:
        """By default the excess of the service part never pays penalty."""
        assert paid(6010, 0, PENALISED) == ([("C1", "principal", 6000)], 10)

    def test_service_excess_pays_penalty(self) -> None:
        """Under `service_excess = penalty` it does, and only the rest stays."""
        found = paid(6020, 0, PENALISED, service_excess="penalty")
        assert found == ([("C1", "principal", 6000), ("C1", "penalty", 16)], 4)

    def test_a_binding_wish(self) -> None:
        """Under `binding` no money moves between the parts."""
        found = paid(6010, 21, PENALISED, split="binding", service_excess="penalty")
        assert found == ([("C1", "principal", 6000), ("C1", "penalty", 16)], 15)


@given(amounts, st.integers(0, 10**5), lines_owed, policies)
def test_nothing_is_lost(service: int, penalty: int, lines: list[OpenLine], rules: Rules) -> None:
    """Parts and rest add up to the payment, and no part exceeds its open balance."""
    parts, rest = allocate(service, penalty, lines, rules)

    assert sum(part.amount for part in parts) + rest == service + penalty
    assert rest >= 0
    assert all(0 < part.amount <= getattr(lines[part.line], part.ledger) for part in parts)
    assert len({part[:2] for part in parts}) == len(parts)


@given(amounts, lines_owed)
def test_the_oldest_debt_is_paid_first(service: int, lines: list[OpenLine]) -> None:
    """No later period gets a kopeck while an earlier one is open."""
    parts, _ = allocate(service, 0, lines, Rules())
    got = {part.line: part.amount for part in parts}
    unpaid = [line.period for n, line in enumerate(lines) if line.principal > got.get(n, 0)]

    assert all(lines[part.line].period <= min(unpaid, default=9) for part in parts)


@given(st.lists(st.integers(1, 10**6)))
def test_a_mirror_is_the_exact_opposite(paid_before: list[int]) -> None:
    """Allocations and their mirror are zero, each for itself [G44]."""
    pairs = zip(paid_before, mirrored(paid_before), strict=True)
    assert all(one + other == 0 for one, other in pairs)


class TestFees:
    """The fee of a payment and its way to the suppliers."""

    def test_half_up_for_each_payment(self) -> None:
        """The fee is rounded before summing, a half upwards [G48, X4]."""
        assert [fee(a, 3500) for a in (12000, 4537, 21437)] == [42, 16, 75]
        assert [fee(a, 10_000) for a in (1250, 3750)] == [13, 38]

    def test_a_kopeck_is_no_difference(self) -> None:
        """A stated fee may differ from the table by a kopeck, not by two."""
        assert not fee_differs(1250, 12, 10_000)
        assert fee_differs(1250, 15, 10_000)

    def test_spread_over_suppliers(self) -> None:
        """0.50 over four suppliers by the largest remainder [X11]."""
        parts = [("S1", 3187), ("S2", 1035), ("S3", 725), ("S4", 53)]
        assert fee_parts(50, parts, 0) == [32, 10, 7, 1]

    def test_a_supplier_is_one_weight(self) -> None:
        """Allocations of one supplier are added before the fee is spread."""
        parts = [("S1", 1), ("S2", 2), ("S1", 1)]
        assert fee_parts(2, parts, 0) == [1, 1, 0]

    def test_the_rest_keeps_its_part(self) -> None:
        """An unallocated rest is one more weight: its part is not charged yet."""
        assert fee_parts(100, [("S1", 5000)], 5000) == [50]

    @given(st.integers(0, 10**5), st.lists(st.tuples(st.sampled_from("abc"), amounts)), amounts)
    def test_fees_add_up(self, total: int, parts: list[tuple[str, int]], rest: int) -> None:
        """What is charged now and what is charged for the rest is the fee, whoever is paid."""
        now = fee_parts(total, parts, rest)
        later = fee_parts(total - sum(now), [("z", rest)], 0)
        known = rest or any(amount for _, amount in parts)

        assert min(now, default=0) >= 0
        assert sum(now) + sum(later) == (total if known else 0)

    def test_net(self) -> None:
        """Net is gross without fees and refunds; it may be below zero."""
        assert Due(100, 30, 5).net == 65
        assert Due(0, 30, 0).net == -30


def _cases() -> list[Any]:
    if not GOLDEN.exists():
        return []
    kinds = ("allocation", "refund", "commission", "settlement")
    cases = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["id"]) for case in cases if case["kind"] in kinds]


def _kopecks(text: str) -> int:
    return int(Decimal(text).scaleb(2))


@pytest.mark.parametrize("case", _cases())
def test_golden_cases(case: dict[str, Any]) -> None:
    """Every published example of these kinds comes out as printed."""
    found = CALCULATIONS[case["kind"]](case["given"])
    assert found == case["expect"]


def _allocation(given: dict[str, Any]) -> dict[str, Any]:
    lines = [
        OpenLine(
            line["contract"], line["period"], _kopecks(line["principal"]), _kopecks(line["penalty"])
        )
        for line in given["lines"]
    ]
    sums = _kopecks(given["service_sum"]), _kopecks(given["penalty_sum"])
    parts, rest = allocate(*sums, lines, Rules(order=given["order"]))
    shown = [
        {
            "contract": lines[part.line].contract, "period": lines[part.line].period,
            "ledger": part.ledger, "amount": roubles(part.amount),
        }
        for part in parts
    ]  # fmt: skip
    return {"allocations": shown, "unallocated": roubles(rest)}


def _refund(given: dict[str, Any]) -> dict[str, Any]:
    turned = mirrored(_kopecks(part["amount"]) for part in given["allocations"])
    pairs = zip(given["allocations"], turned, strict=True)
    shown = [part | {"amount": roubles(amount)} for part, amount in pairs]
    return {"allocations": shown, "total": roubles(sum(turned))}


def _commission(given: dict[str, Any]) -> dict[str, Any]:
    rate = int(Decimal(given["rate_percent"]).scaleb(4))
    fees = [fee(_kopecks(text), rate) for text in given["receipts"]]
    return {"fees": [roubles(f) for f in fees], "total": roubles(sum(fees))}


def _settlement(given: dict[str, Any]) -> dict[str, Any]:
    parts = [(part["supplier"], _kopecks(part["amount"])) for part in given["allocations"]]
    fees = fee_parts(_kopecks(given["fee"]), parts, 0)
    dues = [Due(amount, 0, charged) for (_, amount), charged in zip(parts, fees, strict=True)]
    shown = [
        {
            "supplier": supplier, "gross": roubles(due.gross), "fee": roubles(due.fee),
            "net": roubles(due.net),
        }
        for (supplier, _), due in zip(parts, dues, strict=True)
    ]  # fmt: skip
    return {"transfers": shown, "net_total": roubles(sum(due.net for due in dues))}


CALCULATIONS = {
    "allocation": _allocation,
    "refund": _refund,
    "commission": _commission,
    "settlement": _settlement,
}
