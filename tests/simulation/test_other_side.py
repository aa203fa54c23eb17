"""The whole other side on its time-table, against a hub that only answers."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.clock import minsk
from hub.money import half_up
from hub.simulation.handover import Complaint
from hub.simulation.other_side import OtherSide
from hub.simulation.town import Town
from tests.simulation.fake_hub import CHANNELS, OUR, FakeHub

START = minsk(2026, 8, 31, 8)


def play(root: Path, accounts: int = 40, months: int = 2, seed: int = 1):
    """Run a demo to its end; the other side, the fake hub and all instants."""
    town = Town.make(accounts, seed)
    hub = FakeHub(root, town, months)
    side = OtherSide(root, hub.certificate, town, months, seed, OUR)
    now, instants = START, []
    while (due := side.next_instant(now)) is not None:
        job = hub.next_instant()
        now = min(due, job) if job else due
        if now == due:
            side.act(now)
            instants.append(now)
        hub.work(now)
    return side, hub, instants


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory):
    """One demo of two months, played once for all tests that only look at it."""
    return play(tmp_path_factory.mktemp("instance"))


def files(hub: FakeHub, kind: str) -> list[tuple[str, list[list[str]]]]:
    """The messages of ERIP of a kind, each with its lines as fields."""
    return [
        (name, [line.split("^") for line in content.decode("cp1251").splitlines()])
        for name, content in hub.taken["erip"]
        if name.endswith(kind)
    ]


def made(field: str) -> datetime:
    return datetime.strptime(field, "%Y%m%d%H%M%S").replace(tzinfo=START.tzinfo)


def test_nothing_is_wrong_between_the_two(played) -> None:
    """When every answer is right, the other side has no complaint at the end."""
    side, *_ = played

    assert side.complaints() == []


def test_it_ends_on_the_last_evening(played) -> None:
    """Acts go strictly forward, from the first load to 22:00 of the month after the last."""
    _, _, instants = played

    assert instants == sorted(set(instants))
    assert (instants[0], instants[-1]) == (minsk(2026, 8, 31, 9), minsk(2026, 11, 30, 22))


def test_the_first_load(played) -> None:
    """At 09:00 on the eve of the first month everything the hub begins with is there."""
    _, hub, _ = played

    names = [name for name, _ in hub.taken["ais"][:6]]
    assert names == [
        "tariffs_1.csv", "norms_1.csv", "Карточка ЛС DM0001.csv", "Услуги DM0001.csv",
        "Регистрация DM0001.csv", "benefits_1.csv",
    ]  # fmt: skip
    assert hub.taken["water"][0][0] == hub.taken["gas"][0][0] == "readings_1.csv"


def test_the_exports_change_their_dialect(played) -> None:
    """Of «Услуги» the first export has Latin names, the second Russian ones, then again."""
    _, hub, _ = played

    heads = [c[:12] for name, c in hub.taken["ais"] if name.startswith("Услуги")]
    assert heads == [b'"ACCOUNT_ID"', '"Код ЛС (ID '.encode("cp1251")] * 2


def test_no_export_repeats_another(played) -> None:
    """Residents come and go before every export, so no file of АИС has the bytes of another."""
    _, hub, _ = played

    contents = [content for _, content in hub.taken["ais"]]
    assert len(set(contents)) == len(contents)


def test_one_list_is_refused_for_two_records(played) -> None:
    """The first 202 is rejected with two source records, the one made anew is accepted."""
    _, hub, _ = played

    replies = [(lines[0][6], len(lines) - 1) for _, lines in files(hub, ".204")]
    assert replies == [("1", 2), ("0", 0), ("0", 0)]
    _, first = files(hub, ".204")[0]
    assert made(first[0][3]) == minsk(2026, 10, 1, 1, 10)
    assert all(len(record) == 2 + 15 for record in first[1:])


def test_whom_erip_refused_pays_nothing_meanwhile(played) -> None:
    """The two accounts left out of a list pay nothing in that month."""
    _, hub, _ = played

    refused = {record[3] for record in files(hub, ".204")[0][1][1:]}
    paid = {r[2] for _, lines in files(hub, ".210") for r in lines[1:] if r[9] < "20261101"}
    assert len(refused) == 2
    assert not refused & paid


def test_numbers_of_each_kind_have_no_gap(played) -> None:
    """ERIP numbers each kind from 1; a name is the number of its header."""
    _, hub, _ = played

    for kind in (".204", ".206", ".210", ".216"):
        names = [name for name, _ in files(hub, kind)]
        assert list(dict.fromkeys(names)) == [f"{n}{kind}" for n in range(1, len(set(names)) + 1)]
        assert all(f"{lines[0][2]}{kind}" == name for name, lines in files(hub, kind))


def test_one_notice_comes_twice(played) -> None:
    """One 206 is put again under the same name with the same bytes."""
    _, hub, _ = played

    notices = Counter((n, c) for n, c in hub.taken["erip"] if n.endswith(".206"))
    assert sorted(notices.values())[-2:] == [1, 2]


def test_one_notice_is_short_and_comes_whole(played) -> None:
    """One 206 lacks its last record; the next number brings the same records whole."""
    _, hub, _ = played

    notices = files(hub, ".206")
    short = [at for at, (_, lines) in enumerate(notices) if int(lines[0][4]) != len(lines) - 1]
    assert len(short) == 1
    (_, cut), (_, whole) = notices[short[0]], notices[short[0] + 1]
    assert whole[1:-1] == cut[1:]
    assert int(whole[0][4]) == len(whole) - 1


def test_one_register_has_a_wrong_total(played) -> None:
    """One 210 states 0.01 more than its records hold; the next number is right."""
    _, hub, _ = played

    def surplus(lines: list[list[str]]) -> int:
        return kopecks(lines[0][12]) - sum(kopecks(record[6]) for record in lines[1:])

    registers = files(hub, ".210")
    wrong = [at for at, (_, lines) in enumerate(registers) if surplus(lines)]
    assert len(wrong) == 1
    (_, bad), (_, right) = registers[wrong[0]], registers[wrong[0] + 1]
    assert (surplus(bad), surplus(right), bad[1:]) == (1, 0, right[1:])


def kopecks(text: str) -> int:
    return int(text.replace(".", ""))


def test_totals_and_commission_of_registers(played) -> None:
    """Penalty and transferred sums add up; each payment costs 1 % rounded half up."""
    _, hub, _ = played

    for _, lines in files(hub, ".210"):
        head, records = lines[0], lines[1:]
        assert kopecks(head[13]) == sum(kopecks(record[7]) for record in records)
        assert kopecks(head[14]) == sum(kopecks(record[8]) for record in records)
        for record in records:
            amount, penalty, transferred = map(kopecks, record[6:9])
            assert transferred == amount - half_up(amount, 100)
            assert 0 <= penalty <= amount


def test_every_payment_is_transferred_once_or_reversed(played) -> None:
    """The right registers tell of each payment once; only the reversed one is in none."""
    side, hub, _ = played

    told = [r[12] for _, ls in right_registers(hub) for r in ls[1:]]
    reversed_ = [lines[1][12] for _, lines in files(hub, ".216")]
    assert len(set(told)) == len(told)
    assert len(reversed_) == 1
    assert not set(reversed_) & set(told)
    assert side.summary()["payments"] == len(told) + 1


def right_registers(hub: FakeHub):
    registers = files(hub, ".210")
    return [
        (name, lines)
        for name, lines in registers
        if kopecks(lines[0][12]) == sum(kopecks(record[6]) for record in lines[1:])
    ]


def test_one_payment_a_month_is_only_in_a_register(played) -> None:
    """Every month has one payment of which no 206 told."""
    _, hub, _ = played

    noticed = {r[11] for _, lines in files(hub, ".206") for r in lines[1:]}
    silent = [r for _, lines in right_registers(hub) for r in lines[1:] if r[12] not in noticed]
    assert sorted(record[9][:6] for record in silent) == ["202610", "202611"]


def test_a_message_tells_of_the_past(played) -> None:
    """A 206 tells of payments made before it, a 210 of those of earlier days."""
    _, hub, _ = played

    for _, lines in files(hub, ".206"):
        assert all(record[8] < lines[0][3] for record in lines[1:])
    for _, lines in files(hub, ".210"):
        assert all(record[9][:8] < lines[0][3][:8] for record in lines[1:])


def test_registers_come_on_banking_days(played) -> None:
    """A 210 is made at 09:00 of a day from Monday to Friday, one for an agent bank."""
    _, hub, _ = played

    made_at = [(made(lines[0][3]), lines[0][15]) for _, lines in right_registers(hub)]
    assert len(set(made_at)) == len(made_at)
    assert {bank for _, bank in made_at} == {"795", "749"}
    assert all(moment.weekday() < 5 and moment.hour == 9 for moment, _ in made_at)


def test_most_accounts_pay(played) -> None:
    """In a month in which money comes, 70 to 95 % of the accounts pay."""
    _, hub, _ = played

    november = {r[2] for _, ls in right_registers(hub) for r in ls[1:] if r[9] > "20261101"}
    assert 0.7 <= len(november) / len(hub.town.accounts) <= 0.95


def test_the_bank_statements_are_a_chain(played) -> None:
    """Every statement opens with the closing of the one before; the end is credits - debits."""
    side, hub, _ = played

    closing = "0.00"
    for _, content in hub.taken["bank"]:
        amounts = content.decode().split("<Bal>")
        opened, closed = (part.split("BYN")[1][2:].split("<")[0] for part in amounts[1:3])
        assert opened == closing
        closing = closed
    assert closing == side.summary()["bank_balance"] == "0.00"
    assert side.summary()["credited"] != "0.00"


def test_same_seed_same_bytes(played, tmp_path: Path) -> None:
    """Two demos of one seed put the same files in the same order; another seed does not."""
    _, hub, _ = played

    _, again, _ = play(tmp_path / "again")
    _, other, _ = play(tmp_path / "other", seed=2)

    assert again.taken == hub.taken
    assert other.taken["erip"] != hub.taken["erip"]


def test_bad_readings(played) -> None:
    """Gas comes unsigned, then the same bytes; water corrects three; heat forges the next name."""
    _, hub, _ = played

    gas = [content for name, content in hub.taken["gas"] if name == "readings_2.csv"]
    assert len(gas) == 2
    assert gas[0] == gas[1]
    assert [name for name, _ in hub.taken["water"]] == [
        "readings_1.csv", "readings_2.csv", "readings_3.csv", "readings_4.csv", "readings_4.csv",
    ]  # fmt: skip
    assert len(hub.taken["water"][2][1].splitlines()) == 1 + 3


def test_the_first_load_without_any_hub(tmp_path: Path) -> None:
    """With nobody on our side the first act fills the inboxes, each file after its signature."""
    hub = FakeHub(tmp_path, Town.make(10, 3), 2)
    side = OtherSide(tmp_path, hub.certificate, hub.town, 2, 3, OUR)

    due = side.next_instant(START)
    assert due == minsk(2026, 8, 31, 9)
    side.act(due)

    names = {c: {p.name for p in (tmp_path / "inbox" / c).iterdir()} for c in CHANNELS}
    assert len(names["ais"]) == 2 * 6
    assert names["gas"] == {"readings_1.csv", "readings_1.csv.p7s"}
    assert names["erip"] == names["bank"] == names["heat"] == set()
    assert side.next_instant(due) == minsk(2026, 8, 31, 19)
    assert len(side.complaints()) == 8


def test_a_file_nobody_took_is_a_complaint(tmp_path: Path) -> None:
    """When the hub takes nothing, the second export finds the first and says so."""
    hub = FakeHub(tmp_path, Town.make(10, 3), 2)
    side = OtherSide(tmp_path, hub.certificate, hub.town, 2, 3, OUR)

    with pytest.raises(Complaint, match="has not taken"):
        side.act(minsk(2026, 9, 28, 9))


def test_no_list_of_demands_is_a_complaint(tmp_path: Path) -> None:
    """When no 202 lies there at 01:10 ERIP says so."""
    town = Town.make(10, 3)
    hub = FakeHub(tmp_path, town, 2)
    hub.jobs = []
    side = OtherSide(tmp_path, hub.certificate, town, 2, 3, OUR)

    with pytest.raises(Complaint, match="no list of demands"):
        while (now := side.next_instant(START)) is not None:
            side.act(now)
            hub.work(now)
    assert now == minsk(2026, 10, 1, 1, 10)


def test_no_second_list_is_a_complaint(tmp_path: Path) -> None:
    """When a refused list is not made anew by 01:20 ERIP says so."""
    town = Town.make(10, 3)
    hub = FakeHub(tmp_path, town, 2)
    hub.read_erip = lambda *_: None
    side = OtherSide(tmp_path, hub.certificate, town, 2, 3, OUR)

    with pytest.raises(Complaint, match="01:20"):
        while (now := side.next_instant(START)) is not None:
            hub.work(now)
            side.act(now)
            hub.work(now)


def test_what_nobody_awaits_is_a_complaint(tmp_path: Path) -> None:
    """A file that a partner did not agree to is named at the end."""
    town = Town.make(10, 3)
    hub = FakeHub(tmp_path, town, 2)
    side = OtherSide(tmp_path, hub.certificate, town, 2, 3, OUR)
    hub.send("heat", "7.202", b"")

    side.act(START + timedelta(minutes=1))

    assert side.complaints() == ["heat: 7.202: nobody here awaits such a file"]


def test_a_town_too_small(tmp_path: Path) -> None:
    """A town that cannot carry all that is done on purpose is refused at once."""
    hub = FakeHub(tmp_path, Town.make(9, 3), 2)

    with pytest.raises(ValueError, match="at least 10"):
        OtherSide(tmp_path, hub.certificate, hub.town, 2, 3, OUR)
