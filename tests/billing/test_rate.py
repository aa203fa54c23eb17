"""Rating one account: how much, at which tariff, with which discount."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction as Exact
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.billing.account import Account, Contract
from hub.billing.benefit import Benefit
from hub.billing.days import Resident, Window, person_days, stays
from hub.billing.line import Fraction, amount
from hub.billing.meters import Meter, Shown
from hub.billing.prices import Dated, NormRow, Rates, TariffRow, Timeline
from hub.billing.rate import Rated, Rater
from hub.month import Month
from hub.settings import Policies
from hub.store.rates import services

SEPTEMBER = Month(2026, 9)
AREA = 48_000_000
NATIONAL = {
    "water_person_day": 140_000,
    "benefit_area": 20_000_000,
    "gas_year_sub": 3_000_000_000,
    "gas_year_raised": 5_500_000_000,
    "gas_raised": 1_300_000,
}
PRICES = {
    "maintenance": (20_700, 22_450),
    "waste": (1_160_220, 1_217_360),
    "heating": (2_471_870, 12_629_000),
    "cold_water": (229_270, 261_720),
    "sewerage": (197_010, 231_210),
    "gas": (20_000, 65_000),
    "common_property": (2_850,),
}
KINDS = {1: ("one",), 2: ("sub", "full")}
NORMS = {
    "waste": ("volume_person_year", 2_680_000),
    "heating": ("gcal_per_m2", 17_900),
    "cold_water": ("volume_person_month", 8_000_000),
    "sewerage": ("volume_person_month", 8_000_000),
}


def dated(number: int, value: int, start: str = "2014-01-01", stop: str | None = None) -> Dated:
    return Dated(number, start, stop, value, "act")


def tariffs() -> list[TariffRow]:
    """The prices, ids 1, 2, ...: sub before full, or the only one."""
    every = [
        (code, kind, price)
        for code, prices in PRICES.items()
        for kind, price in zip(KINDS[len(prices)], prices, strict=True)
    ]
    return [
        TariffRow(code, None, None, kind, None, dated(n, price))
        for n, (code, kind, price) in enumerate(every, 1)
    ]


def norms() -> list[NormRow]:
    return [
        NormRow(code, "country", None, None, kind, dated(n, value))
        for n, (code, (kind, value)) in enumerate(NORMS.items(), 1)
    ]


def rater(
    month: Month = SEPTEMBER,
    prices: list[TariffRow] | None = None,
    of: list[NormRow] | None = None,
    **policies: Any,
) -> Rater:
    national = {name: Timeline([dated(1, value)]) for name, value in NATIONAL.items()}
    rates = Rates(services(), prices or tariffs(), norms() if of is None else of, national)
    return Rater(month, rates, Policies(**policies))


def resident(number: int, start: str = "2010-01-01", stop: str | None = None) -> Resident:
    return Resident(f"P{number}", start, stop, idle=False)


def account(*contracts: Contract, people: int = 3, **changed: Any) -> Account:
    residents = [resident(n) for n in range(people)]
    return Account(1, "4001", AREA, "2010-01-01", None, contracts, residents)._replace(**changed)


def contract(service: str, number: int = 1, **changed: Any) -> Contract:
    return Contract(number, service, "501", "2010-01-01", None)._replace(**changed)


def metered(volume: int, since: str = "2026-08-31", day: str = "2026-09-30") -> tuple[Meter, ...]:
    """A meter that counted `volume` litres."""
    start = 100_000_000
    read = (Shown(day, start + volume * 1000, 2),)
    return (Meter(7, "W1", 5, 1_000_000, 1, None, Shown(since, start, 1), read),)


def told(rated: Rated) -> list[tuple[str, int, int, int]]:
    """(component, quantity, gross, benefit) of the lines."""
    assert rated.problem is None, rated.problem
    return [(line.component, line.quantity, line.gross, line.benefit) for line in rated.lines]


def problem(rated: Rated) -> str | None:
    assert not rated.lines
    return rated.problem.code if rated.problem else None


# --- sub and full ------------------------------------------------------------------------------


def test_nobody_registered_pays_in_full() -> None:
    """Where nobody is registered subsidised services are full; others have one price anyway."""
    home = account(contract("maintenance"), contract("common_property", 2), people=0)

    assert told(rater().rate(home)) == [("full", AREA, 1078, 0), ("sub", AREA, 137, 0)]


def test_days_without_residents_are_in_full() -> None:
    """Who arrives inside the month divides the area by days."""
    home = account(contract("maintenance"), residents=[resident(1, "2026-09-11")])

    assert told(rater().rate(home)) == [
        ("full", 16_000_000, 359, 0),
        ("sub", 32_000_000, 662, 0),
    ]


def test_one_empty_day_makes_no_other_day_dearer() -> None:
    """Norms for persons count the days of persons; a day with nobody adds nothing to them."""
    people = [resident(n, "2026-09-02") for n in range(2)]
    home = account(contract("cold_water"), contract("waste", 2), residents=people)

    # 58 person-days: 8 m3 / 30 of each, 0.14 m3 of it subsidised
    assert told(rater().rate(home)) == [
        ("full", 7_346_667, 1923, 0),
        ("sub", 8_120_000, 1862, 0),
        ("sub", 431_778, 501, 0),
    ]


def test_metered_water_of_a_month_with_an_empty_day_follows_the_norm() -> None:
    """The norm of 29 days is subsidised; with nobody all month everything is in full."""
    water = contract("cold_water", meters=metered(5_000))

    lived = told(rater().rate(account(water, residents=[resident(1, "2026-09-02")])))
    empty = told(rater().rate(account(water, people=0)))

    assert lived == [("full", 940_000, 246, 0), ("sub", 4_060_000, 931, 0)]
    assert empty == [("full", 5_000_000, 1309, 0)]


def test_metered_gas_is_divided_by_days() -> None:
    """The share of the empty days is full; the rest goes through the tiers of the year."""
    home = account(
        contract("gas", meters=metered(300_000), used_in_year=2_900_000_000),
        residents=[resident(1, "2026-09-11")],
    )

    assert told(rater().rate(home)) == [
        ("full", 100_000_000, 6_500, 0),
        ("raised", 100_000_000, 2_600, 0),
        ("sub", 100_000_000, 2_000, 0),
    ]


def test_the_water_norm_counts_once_where_the_norm_of_volume_changes() -> None:
    """Two norms inside a month share the 140 litres of each person and day."""
    later = NormRow("cold_water", "country", None, None, "volume_person_month",
                    dated(9, 9_000_000, "2026-09-16"))  # fmt: skip

    rated = rater(of=[*norms(), later]).rate(account(contract("cold_water"), people=1))

    assert [line[:2] for line in told(rated)] == [("full", 4_300_000), ("sub", 4_200_000)]


def test_water_above_the_norm_is_in_full() -> None:
    """A family of three with 25 m³ pays 12.6 m³ subsidised and the rest in full, twice."""
    home = account(contract("cold_water", meters=metered(25_000)), contract("sewerage", 2))

    assert told(rater().rate(home)) == [
        ("full", 12_400_000, 3245, 0),
        ("sub", 12_600_000, 2889, 0),
        ("full", 12_400_000, 2867, 0),
        ("sub", 12_600_000, 2482, 0),
    ]


def test_the_norm_may_have_thirty_days_always() -> None:
    """Under `fixed_30` a month of 31 days has the norm of 30."""
    home = account(contract("cold_water", meters=metered(25_000, "2026-09-30", "2026-10-31")))

    calendar = told(rater(Month(2026, 10)).rate(home))
    fixed = told(rater(Month(2026, 10), water_norm_days="fixed_30").rate(home))

    assert [line[1] for line in calendar] == [11_980_000, 13_020_000]
    assert [line[1] for line in fixed] == [12_400_000, 12_600_000]


def test_without_a_meter_the_norm_is_split_too() -> None:
    """8 m³ a person and month: 4.2 m³ of them subsidised, the rest in full."""
    home = account(contract("cold_water"), people=2)

    assert told(rater().rate(home)) == [("full", 7_600_000, 1989, 0), ("sub", 8_400_000, 1926, 0)]
    assert told(rater(unmetered_split=False).rate(home)) == [("sub", 16_000_000, 3668, 0)]


def test_a_meter_not_verified_gives_way_to_the_norm_in_full() -> None:
    """From the 31st day after its verification ended the norm is charged at the full tariff."""
    (meter,) = metered(3_000)
    late = account(contract("cold_water", meters=[meter._replace(verified_until="2026-08-30")]))
    fresh = account(contract("cold_water", meters=[meter._replace(verified_until="2026-09-05")]))

    assert told(rater().rate(late)) == [("full", 24_000_000, 6281, 0)]
    assert told(rater().rate(fresh)) == [("sub", 3_000_000, 688, 0)]


def test_gas_goes_through_the_tiers_of_the_year() -> None:
    """What was used before in the year decides; a month may hold three parts."""
    home = account(
        contract("gas", meters=metered(3_000_000), used_in_year=2_900_000_000),
    )

    assert told(rater().rate(home)) == [
        ("full", 400_000_000, 26_000, 0),
        ("raised", 2_500_000_000, 65_000, 0),
        ("sub", 100_000_000, 2_000, 0),
    ]


def test_a_payer_who_is_not_employed_pays_heat_in_full() -> None:
    """From October 2025 the whole volume, but only of services that the rule names."""
    idle = [Resident("P1", "2010-01-01", None, idle=True)]
    home = account(contract("heating"), contract("maintenance", 2), residents=idle)

    assert told(rater().rate(home)) == [("full", 859_200, 10_851, 0), ("sub", AREA, 994, 0)]


# --- quantities --------------------------------------------------------------------------------


def test_persons_count_by_days() -> None:
    """Three residents to the 10th, four from the 11th: the norm by 110 person-days."""
    people = [*(resident(n) for n in range(3)), resident(9, "2026-09-11")]
    home = account(contract("waste"), residents=people)

    assert told(rater().rate(home)) == [("sub", 818_889, 950, 0)]


def test_a_volume_of_zero_is_one_line() -> None:
    """Nothing used, or nobody to use it: one subsidised line of zero."""
    dry = account(contract("cold_water", meters=metered(0)))
    empty = account(contract("waste"), people=0)

    assert told(rater().rate(dry)) == [("sub", 0, 0, 0)]
    assert told(rater().rate(empty)) == [("sub", 0, 0, 0)]


def test_a_meter_without_reading_charges_nothing_and_says_so() -> None:
    """The volume waits for the next reading; nothing is marked as charged."""
    (meter,) = metered(3_000)
    rated = rater().rate(account(contract("cold_water", meters=[meter._replace(readings=())])))

    assert told(rated) == [("sub", 0, 0, 0)]
    assert "!no_reading" in rated.lines[0].trace
    assert rated.charged == []


def test_a_contract_that_ends_inside_the_month_is_charged_by_days() -> None:
    """The day of the end is not counted."""
    ended = account(contract("maintenance", valid_to="2026-09-11"))
    gone = account(contract("maintenance", valid_to="2026-09-01"))

    assert told(rater().rate(ended)) == [("sub", 16_000_000, 331, 0)]
    assert told(rater().rate(gone)) == []


# --- tariffs and norms -------------------------------------------------------------------------


def test_a_tariff_that_changes_inside_the_month_splits_the_line() -> None:
    """Each version is a line of its own: 14 days at one price, 16 at the other."""
    prices = [
        TariffRow("maintenance", None, None, "sub", None, dated(1, 9_020)),
        TariffRow("maintenance", None, None, "sub", None, dated(2, 10_340, "2026-09-15")),
    ]

    rated = rater(prices=prices).rate(account(contract("maintenance")))

    assert [(line.tariff, line.quantity, line.gross) for line in rated.lines] == [
        (1, 22_400_000, 202),
        (2, 25_600_000, 265),
    ]


def test_metered_volumes_split_by_the_days_between_the_readings() -> None:
    """Twenty days of a span of fifty lie before the change of the price."""
    prices = [
        TariffRow("gas", None, None, "sub", None, dated(1, 20_000)),
        TariffRow("gas", None, None, "sub", None, dated(2, 30_000, "2026-09-01")),
    ]
    home = account(contract("gas", meters=metered(50_000, "2026-08-11", "2026-09-30")))

    rated = rater(prices=prices).rate(home)

    assert [(line.quantity, line.gross) for line in rated.lines] == [
        (20_000_000, 400),
        (30_000_000, 900),
    ]


def test_the_narrower_tariff_wins() -> None:
    """A price of the supplier goes before one for everybody, on the days on which it holds."""
    own = TariffRow("maintenance", None, "501", "sub", None, dated(90, 30_000, "2026-09-16"))
    other = TariffRow("maintenance", None, "777", "sub", None, dated(91, 1))

    rated = rater(prices=[*tariffs(), own, other]).rate(account(contract("maintenance")))

    assert [(line.tariff, line.quantity) for line in rated.lines] == [
        (1, 24_000_000),
        (90, 24_000_000),
    ]


def test_a_later_row_corrects_an_earlier_one_with_the_same_start() -> None:
    """Of two prices that begin on one day the one learnt last holds."""
    fix = TariffRow("maintenance", None, None, "sub", None, dated(95, 20_000))

    rated = rater(prices=[*tariffs(), fix]).rate(account(contract("maintenance")))

    assert told(rated) == [("sub", AREA, 960, 0)]


def test_the_last_known_norm_is_provisional() -> None:
    """Without a published norm the last one serves, and the line says so."""
    old = [NormRow("heating", "country", None, None, "gcal_per_m2",
                   dated(1, 10_000, "2025-10-01", "2026-05-01"))]  # fmt: skip
    rated = rater(of=old).rate(account(contract("heating")))

    assert told(rated) == [("sub", 480_000, 1186, 0)]
    assert "!norm_provisional" in rated.lines[0].trace


def test_the_norm_of_the_house_goes_before_that_of_the_country() -> None:
    """The narrowest scope wins."""
    own = NormRow("heating", "house", "4001", None, "gcal_per_m2", dated(9, 10_000))

    assert told(rater(of=[*norms(), own]).rate(account(contract("heating")))) == [
        ("sub", 480_000, 1186, 0)
    ]


# --- what cannot be rated ----------------------------------------------------------------------


def test_what_is_missing_has_a_name() -> None:
    """An account that cannot be rated whole has no line and one code."""
    overlapping = [
        TariffRow("maintenance", None, None, "sub", None, dated(1, 1, stop="2026-09-20")),
        TariffRow("maintenance", None, None, "sub", None, dated(2, 1, "2026-09-10")),
    ]
    twice = [resident(1), resident(1, "2026-09-05")]
    found = {
        "no_area": rater().rate(account(contract("maintenance"), area=None)),
        "no_contract": rater().rate(account()),
        "no_basis": rater().rate(account(contract("lpg"))),
        "no_norm": rater(of=[]).rate(account(contract("heating"))),
        "no_tariff": rater(prices=tariffs()[2:]).rate(account(contract("maintenance"))),
        "tariff_overlap": rater(prices=overlapping).rate(account(contract("maintenance"))),
        "residents_conflict": rater().rate(account(contract("waste"), residents=twice)),
        "double_biller": rater().rate(account(contract("waste"), contract("waste", 2))),
        "value_out_of_range": rater().rate(account(contract("maintenance"), area=10**19)),
    }

    assert {name: problem(rated) for name, rated in found.items()} == {n: n for n in found}


# --- benefits ----------------------------------------------------------------------------------


def half(person: str, **changed: Any) -> Benefit:
    spans = (("2026-01-01", None), ("2010-01-01", None))
    usual = Benefit(person, 500_000, 20_000_000, None, frozenset({"maintenance"}), spans)
    return usual._replace(**changed)


def discount(*benefits: Benefit, **changed: Any) -> int:
    rated = rater().rate(account(contract("maintenance"), benefits=benefits, **changed))
    return sum(line.benefit for line in rated.lines)


def test_half_of_twenty_square_metres() -> None:
    """A holder has half of the price of 20 m², once, rounded once."""
    assert discount(half("P1")) == 207


def test_limits_of_several_holders_add_up_to_the_flat() -> None:
    """Two holders have 40 m², three have the flat and no more."""
    holders = [half("P1"), half("P2"), half("P3")]

    assert discount(*holders[:2]) == 414
    assert discount(*holders) == 497


def test_of_several_benefits_of_a_person_the_best_holds() -> None:
    """The discounts of one person do not add up."""
    assert discount(half("P1"), half("P1", percent=1_000_000)) == 414


def test_a_benefit_counts_its_days() -> None:
    """From the 16th on half of the month is left, inside one rounding."""
    late = half("P1", spans=(("2026-09-16", None), ("2010-01-01", None)))

    assert discount(late) == 104


def test_a_benefit_without_limit_has_the_national_one() -> None:
    """Maintenance is limited to 20 m² for each holder."""
    assert discount(half("P1", area_limit=None)) == 207


def test_the_full_part_has_no_discount() -> None:
    """Where nobody is registered the benefit rests."""
    assert discount(half("P1"), residents=[]) == 0


# --- always ------------------------------------------------------------------------------------


@given(num=st.integers(-(10**15), 10**15), den=st.integers(1, 400), price=st.integers(0, 10**8))
def test_a_line_agrees_with_exact_decimals(num: int, den: int, price: int) -> None:
    """A line is its fraction times its price, rounded half-up once."""
    found = amount(Fraction(num, den), price)

    doubled = abs(num) * price * 2 + den * 10**9
    whole = doubled // (2 * den * 10**9)
    assert found == (whole if num >= 0 else -whole)
    if den == 1:
        exact = Decimal(num).scaleb(-6) * Decimal(price).scaleb(-5)
        assert found == int(exact.quantize(Decimal("0.01"), ROUND_HALF_UP).scaleb(2))


@given(
    spans=st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 60) | st.none()), max_size=6)
)
def test_person_days_equal_counting_each_day(
    spans: list[tuple[int, int | None]],
) -> None:
    """The runs of days cover the month, and give what counting day by day gives."""
    window, first = Window.of(SEPTEMBER), SEPTEMBER.first
    people = [
        Resident(f"{n}", f"{first + timedelta(a)}", z if z is None else f"{first + timedelta(z)}",
                 False)
        for n, (a, z) in enumerate(spans)
    ]  # fmt: skip
    counted = sum(1 for d in range(30) for a, z in spans if a <= d and (z is None or d < z))

    found = stays(window, people)

    assert person_days(found, window.start, window.stop) == counted
    assert sum(stay.stop - stay.start for stay in found) == 30


@given(
    spans=st.lists(
        st.tuples(st.integers(-5, 29), st.integers(1, 30)).map(lambda s: (s[0], s[0] + s[1])),
        max_size=4,
    ),
    volume=st.integers(0, 60_000),
)
def test_empty_days_move_no_quantity(spans: list[tuple[int, int]], volume: int) -> None:
    """Area, person-days and metered volume are conserved, and each day is priced by itself."""
    first = SEPTEMBER.first
    people = [resident(n, f"{first + timedelta(a)}", f"{first + timedelta(z)}")
              for n, (a, z) in enumerate(spans)]  # fmt: skip
    lived = {d for d in range(30) if any(a <= d < z for a, z in spans)}
    days = sum(1 for d in range(30) for a, z in spans if a <= d < z)
    home = account(
        contract("maintenance"),
        contract("waste", 2),
        contract("cold_water", 3, meters=metered(volume)),
        residents=people,
    )

    found: dict[tuple[int, str], Fraction] = {}
    for line in rater().rate(home).lines:
        found[line.contract, line.component] = Fraction(line.q_num, line.q_den)

    def of(number: int, component: str) -> Exact:
        return Exact(*found.get((number, component), (0, 1)))

    litres = volume * 1000
    assert of(1, "sub") == Exact(AREA * len(lived), 30)
    assert of(1, "sub") + of(1, "full") == AREA
    assert of(2, "sub") == Exact(2_680_000 * days, 360)
    assert of(2, "full") == 0
    assert of(3, "sub") == min(litres, 140_000 * days)
    assert of(3, "sub") + of(3, "full") == litres


@given(
    volume=st.integers(0, 200_000),
    people=st.integers(0, 5),
    change=st.integers(2, 29),
)
def test_no_litre_is_lost_between_the_parts(volume: int, people: int, change: int) -> None:
    """Norm, tariff versions and tariff kinds divide a volume, and the parts add up to it."""
    more = [
        TariffRow("cold_water", None, None, kind, None, dated(n, 300_000, f"2026-09-{change:02d}"))
        for n, kind in ((91, "sub"), (92, "full"))
    ]
    home = account(contract("cold_water", meters=metered(volume)), people=people)

    rated = rater(prices=[*tariffs(), *more]).rate(home)

    total = sum(Decimal(line.q_num) / line.q_den for line in rated.lines)
    assert round(total) == volume * 1000
    assert all(line.gross == amount(Fraction(line.q_num, line.q_den), line.price)
               for line in rated.lines)  # fmt: skip
