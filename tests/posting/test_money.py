"""Payments, reversals, statements and replies: what each message does in each state."""

from typing import Any

import pytest

from formats.contract import Unreadable
from hub.clock import minsk, stamp
from hub.messages import DemandReply, Reversal, StatementEntry
from hub.month import Month
from hub.posting.contract import PARKED, SUSPENDED, Outcomes
from hub.posting.money import FINISHERS, POSTERS
from hub.posting.registers import matched, within
from hub.settings import Settings
from hub.settlement import distribute
from hub.store.exchange import dispatch
from hub.store.payments import Credit, RegisterRow
from hub.store.session import Store, Transaction
from hub.store.tables.ledger import DemandRow, Transfer
from tests import books

ACCOUNT = "0100000017"
NONE: frozenset[int] = frozenset()


def post(
    tx: Transaction,
    kind: str,
    messages: list[Any],
    *,
    fields: dict[str, str] | None = None,
    suspended: frozenset[int] = NONE,
    own: Settings | None = None,
    finish: bool = True,
) -> tuple[Outcomes, list[str]]:
    """Post one file; gives the outcomes and the codes of the finisher."""
    usual = books.register_fields("85.55", "86.41") if kind == "erip.210" else {}
    origin = books.origin(tx, kind, fields or usual, own)
    message = {
        "erip.206": "Payment",
        "erip.210": "Payment",
        "erip.216": "Reversal",
        "erip.204": "DemandReply",
        "bank.camt.053": "StatementEntry",
    }[kind]
    outcomes = POSTERS[message](tx, origin, books.numbered(messages), suspended) if messages else {}
    last = FINISHERS.get(message)
    found = last(tx, origin) if last and finish else []
    return outcomes, [finding.code for finding in found]


def codes(outcomes: Outcomes) -> list[tuple[str, str]]:
    return [(state, finding.code) for state, finding in outcomes.values()]


def payments(tx: Transaction) -> list[tuple[Any, ...]]:
    """(operation, account given, amount, state, fee) in order."""
    rows = tx.rows("SELECT operation, account, amount, state, fee FROM payment ORDER BY id")
    return [(row[0], row[1] is not None, *row[2:]) for row in rows]


def notice(operation: str = "1", amount: int = 8641, **changed: Any) -> Any:
    return books.payment(operation, ACCOUNT, amount, **changed)


def transfer(operation: str = "1", amount: int = 8641, sent: int = 8555, **changed: Any) -> Any:
    return books.payment(operation, ACCOUNT, amount, transferred=sent, **changed)


def reversal(operation: str = "1", amount: int = 8641) -> Reversal:
    later = stamp(minsk(2026, 10, 6, 11))
    return Reversal(operation, ACCOUNT, "1", amount, 0, None, later, None, None, None)


@pytest.fixture
def town(store: Store) -> Store:
    """One open account, one closed."""
    with store.transaction() as tx:
        books.account(tx, ACCOUNT)
        books.account(tx, "0100000025", closed_on="2026-10-01")
    return store


class TestPayments:
    """Events and states of `formats-erip.md`, A10."""

    def test_an_announced_payment(self, town: Store) -> None:
        """A 206 posts the amount to the unallocated ledger of its account."""
        with town.transaction() as tx:
            assert post(tx, "erip.206", [notice()]) == ({}, [])
            assert payments(tx) == [("1", True, 8641, "announced", 0)]
            assert tx.rows("SELECT kind, ledger, posted_period, amount FROM ledger_entry") == [
                ("payment", "unallocated", 202610, -8641)
            ]

    def test_a_payment_known_only_from_a_register(self, town: Store) -> None:
        """A 210 without a 206 posts the payment with transferred sum and fee."""
        with town.transaction() as tx:
            assert post(tx, "erip.210", [transfer()]) == ({}, [])
            assert payments(tx) == [("1", True, 8641, "transferred", 86)]

    def test_a_register_after_the_notice(self, town: Store) -> None:
        """A 210 adds register, transferred sum and fee to the announced payment."""
        with town.transaction() as tx:
            post(tx, "erip.206", [notice()])
            before = tx.rows("SELECT * FROM ledger_entry")
            assert post(tx, "erip.210", [transfer()]) == ({}, [])
            assert payments(tx) == [("1", True, 8641, "transferred", 86)]
            assert tx.value("SELECT register_id FROM payment") is not None
            assert tx.rows("SELECT * FROM ledger_entry") == before

    def test_a_notice_after_the_register(self, town: Store) -> None:
        """A 206 about a transferred payment changes nothing but fills what was empty."""
        with town.transaction() as tx:
            post(tx, "erip.210", [transfer()])
            assert post(tx, "erip.206", [notice(payer="Петров П.")]) == ({}, [])
            assert payments(tx) == [("1", True, 8641, "transferred", 86)]
            assert tx.value("SELECT file_payer FROM payment") == "Петров П."

    @pytest.mark.parametrize("changed", [{"amount": 8640}, {"account": "X"}, {"penalty": 1}])
    def test_a_register_that_differs(self, town: Store, changed: dict[str, Any]) -> None:
        """A 210 with another account or sum is E-CONFLICT: its money lies apart, in suspense."""
        with town.transaction() as tx:
            post(tx, "erip.206", [notice()])
            outcomes, _ = post(tx, "erip.210", [transfer(sent=8000)._replace(**changed)])
            assert codes(outcomes) == [(SUSPENDED, "E-CONFLICT")]
            own = outcomes[2][1].key
            sent = {"amount": 8641, **changed}["amount"]
            assert payments(tx) == [
                ("1", True, 8641, "announced", 0),
                (own, False, sent, "transferred", sent - 8000),
            ]
            assert tx.rows("SELECT kind, object FROM todo") == [("E-CONFLICT", f"payment:{own}")]

    def test_a_second_transfer(self, town: Store) -> None:
        """Money that another register transferred already is E-DUP-REC and lies in suspense."""
        with town.transaction() as tx:
            post(tx, "erip.210", [transfer()])
            outcomes, _ = post(tx, "erip.210", [transfer()])
            assert codes(outcomes) == [(SUSPENDED, "E-DUP-REC")]
            assert payments(tx)[0][:3] == ("1", True, 8641)
            assert tx.value("SELECT sum(amount) FROM payment WHERE account IS NULL") == 8641

    def test_a_transfer_of_a_reversed_payment(self, town: Store) -> None:
        """A 210 about a reversed payment is E-CONFLICT, its money in suspense."""
        with town.transaction() as tx:
            post(tx, "erip.206", [notice()])
            post(tx, "erip.216", [reversal()])
            outcomes, _ = post(tx, "erip.210", [transfer()])
            assert codes(outcomes) == [(SUSPENDED, "E-CONFLICT")]

    def test_a_register_where_notices_are_demanded(self, town: Store) -> None:
        """Under `post_210_without_206 = false` an unannounced payment waits."""
        strict = books.settings(a=books.agreement("erip.210", post_210_without_206=False))
        with town.transaction() as tx:
            outcomes, _ = post(tx, "erip.210", [transfer()], own=strict)
            assert codes(outcomes) == [(PARKED, "E-NO-ORIGINAL")]
            assert payments(tx) == []


class TestSuspense:
    """Money of good records whose owner is not known is counted, never dropped (A13)."""

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"account": "0999999999"}, "E-ACC-UNKNOWN"),
            ({"account": "0100000025"}, "E-ACC-CLOSED"),
            ({"service_number": "2"}, "E-FIELD"),
            ({"paid_at": stamp(minsk(2026, 10, 7))}, "E-DATE-ORDER"),
        ],
    )
    def test_who_is_paid_is_not_known(
        self, town: Store, changed: dict[str, str], code: str
    ) -> None:
        """Unknown or closed account, foreign service, paid after the message: suspense."""
        with town.transaction() as tx:
            outcomes, _ = post(tx, "erip.206", [notice(**changed)])
            assert codes(outcomes) == [(SUSPENDED, code)]
            assert payments(tx) == [("1", False, 8641, "announced", 0)]

    def test_what_the_mapping_sent_there(self, town: Store) -> None:
        """A record with a malformed month keeps its money, without account and further word."""
        with town.transaction() as tx:
            outcomes, _ = post(tx, "erip.206", [notice()], suspended=frozenset({2}))
            assert outcomes == {}
            assert payments(tx) == [("1", False, 8641, "announced", 0)]

    def test_paid_before_the_account_was_closed(self, town: Store) -> None:
        """A payment made before the closing day still belongs to the account."""
        early = stamp(minsk(2026, 9, 30, 12))
        with town.transaction() as tx:
            outcomes, _ = post(tx, "erip.206", [notice(account="0100000025", paid_at=early)])
            assert outcomes == {}

    def test_the_day_is_that_of_minsk(self, town: Store) -> None:
        """A payment shortly after midnight belongs to the new day, though UTC still has the old."""
        with town.transaction() as tx:
            post(tx, "erip.206", [notice(paid_at=stamp(minsk(2026, 10, 6, 0, 30)))])
            assert tx.value("SELECT paid_on FROM payment") == "2026-10-06"

    @pytest.mark.parametrize("message", [transfer(penalty=8642), transfer(sent=8642)])
    def test_parts_above_the_whole(self, town: Store, message: Any) -> None:
        """Penalty or transferred sum above the amount hold the file: E-SPLIT."""
        with town.transaction() as tx, pytest.raises(Unreadable) as caught:
            post(tx, "erip.210", [message])
        assert caught.value.finding.code == "E-SPLIT"
        assert caught.value.finding.severity == "hold"

    def test_an_unusual_commission(self, town: Store) -> None:
        """A fee that differs from the table by more than a kopeck is only told."""
        with town.transaction() as tx:
            outcomes, _ = post(tx, "erip.210", [transfer(sent=8500), transfer("2", sent=8554)])
            assert codes(outcomes) == [("POSTED", "W-MATCH")]


class TestReversals:
    """A 216 takes back what was announced, exactly."""

    def test_before_distribution(self, town: Store) -> None:
        """The pair of payments is zero, and neither is distributed."""
        with town.transaction() as tx:
            post(tx, "erip.206", [notice()])
            assert post(tx, "erip.216", [reversal()])[0] == {}
            assert payments(tx) == [
                ("1", True, 8641, "reversed", 0), ("1", True, -8641, "reversed", 0),
            ]  # fmt: skip
            assert tx.value("SELECT sum(amount) FROM ledger_entry") == 0
            assert distribute(tx, books.scheme(), books.NOON, books.OCTOBER) == 0

    def test_after_distribution(self, town: Store) -> None:
        """Each allocation is mirrored in its month and ledger, on the day of the payment."""
        with town.transaction() as tx:
            run = books.run(tx)
            books.charge(tx, run, 1, 5000)
            books.charge(tx, run, 2, 2500)
            post(tx, "erip.206", [notice()])
            assert distribute(tx, books.scheme(), books.NOON, books.OCTOBER) == 2
            post(tx, "erip.216", [reversal()])
            parts = tx.rows(
                "SELECT contract, about_period, sum(amount), count(*) FROM allocation"
                " GROUP BY contract, about_period ORDER BY contract"
            )
            assert parts == [(1, 202609, 0, 2), (2, 202609, 0, 2)]
            assert tx.rows("SELECT DISTINCT paid_on FROM payment") == [("2026-10-05",)]
            unallocated = "SELECT sum(amount) FROM ledger_entry WHERE ledger = 'unallocated'"
            assert tx.value(unallocated) == 0
            assert tx.value("SELECT sum(amount) FROM ledger_entry") == 7500

    @pytest.mark.parametrize(
        ("before", "amount", "code"),
        [
            ([], 8641, "E-NO-ORIGINAL"),
            (["erip.206"], 8640, "E-CONFLICT"),
            (["erip.210"], 8641, "E-CANCEL-PAID"),
            (["erip.206", "erip.216"], 8640, "E-CONFLICT"),
        ],
    )
    def test_what_is_held(self, town: Store, before: list[str], amount: int, code: str) -> None:
        """No payment, another sum, transferred, reversed: parked, nothing changes."""
        first = {"erip.206": notice(), "erip.210": transfer(), "erip.216": reversal()}
        with town.transaction() as tx:
            for kind in before:
                post(tx, kind, [first[kind]])
            stood = payments(tx)
            outcomes, _ = post(tx, "erip.216", [reversal(amount=amount)])
            assert codes(outcomes) == [(PARKED, code)]
            assert payments(tx) == stood
            assert tx.value("SELECT count(*) FROM todo") == 1

    def test_a_repeat(self, town: Store) -> None:
        """A reversal of what was reversed says nothing new."""
        with town.transaction() as tx:
            for kind, message in (("erip.206", notice()), ("erip.216", reversal())):
                post(tx, kind, [message])
            stood = payments(tx)
            assert post(tx, "erip.216", [reversal()]) == ({}, [])
            assert post(tx, "erip.206", [notice()]) == ({}, [])
            assert payments(tx) == stood
            assert tx.value("SELECT count(*) FROM todo") == 0


def entry(ref: str = "1", direction: str = "credit", amount: int = 8555, **changed: Any) -> Any:
    usual = StatementEntry(
        entry_ref=ref, booked_on="2026-10-06", value_on=None, direction=direction, amount=amount,
        currency="BYN", status="BOOK", document_number="2941", end_to_end=None,
        operation_code=None, party_name=None, party_unp=None, party_account=books.AGENT_IBAN,
        party_bic=None, purpose=None,
    )  # fmt: skip
    return usual._replace(**changed)


def statement(tx: Transaction, *entries: Any, **fields: str) -> tuple[Outcomes, list[str]]:
    return post(tx, "bank.camt.053", list(entries), fields=books.statement_fields(**fields))


class TestStatements:
    """A register and its credit meet when the later of the two is posted."""

    @pytest.mark.parametrize("statement_first", [True, False])
    def test_the_later_of_the_two(self, town: Store, statement_first: bool) -> None:
        """In either order the payments get the booked day of the credit."""
        with town.transaction() as tx:
            if statement_first:
                statement(tx, entry())
            post(tx, "erip.210", [transfer()])
            if not statement_first:
                statement(tx, entry())
            assert tx.value("SELECT bank_date FROM payment") == "2026-10-06"
            assert tx.value("SELECT entry FROM register") == 1

    def test_no_credit_fits(self, town: Store) -> None:
        """A credit of another amount leaves register and payments waiting."""
        with town.transaction() as tx:
            statement(tx, entry(amount=8554))
            post(tx, "erip.210", [transfer()])
            assert tx.value("SELECT bank_date FROM payment") is None

    def test_an_empty_register(self, town: Store) -> None:
        """A 210 without records is stored all the same."""
        with town.transaction() as tx:
            post(tx, "erip.210", [], fields=books.register_fields("0.00"))
            assert tx.value("SELECT transferred FROM register") == 0

    def test_entries_that_do_not_count(self, town: Store) -> None:
        """Pending entries are passed over; another currency and a double are refused."""
        with town.transaction() as tx:
            outcomes, _ = statement(
                tx, entry(), entry("2", status="PDNG"), entry("3", currency="USD"), entry()
            )
            assert codes(outcomes) == [(PARKED, "E-CUR"), (PARKED, "E-DUP-REC")]
            assert tx.rows("SELECT entry_ref FROM statement_entry") == [("1",)]

    def test_an_entry_known_before(self, town: Store) -> None:
        """The same entry in a later statement has no second effect; with another sum it is held."""
        with town.transaction() as tx:
            statement(tx, entry())
            outcomes, found = statement(
                tx, entry(), statement_id="2", opening="85.55", **{"from": "2026-10-07"}
            )
            assert (outcomes, found) == ({}, [])
            outcomes, _ = statement(tx, entry(amount=1), statement_id="3", opening="85.55")
            assert codes(outcomes) == [(PARKED, "E-CONFLICT")]

    def test_a_statement_twice(self, town: Store) -> None:
        """A statement id comes once; a gap to the closing before is told."""
        with town.transaction() as tx:
            assert statement(tx)[1] == []
            assert statement(tx)[1] == ["E-NUM-REUSED"]
            later = {"from": "2026-10-07", "to": "2026-10-07"}
            assert statement(tx, statement_id="2", opening="85.54", **later)[1] == ["W-MATCH"]

    def test_the_second_of_a_day(self, town: Store) -> None:
        """A second statement of one day follows the first of that day, not the day before."""
        day = {"from": "2026-10-07", "to": "2026-10-07"}
        with town.transaction() as tx:
            assert statement(tx)[1] == []
            assert statement(tx, statement_id="2", opening="85.55", closing="90.00", **day)[1] == []
            assert statement(tx, statement_id="3", opening="90.00", **day)[1] == []
            assert statement(tx, statement_id="4", opening="85.54", **day)[1] == ["W-MATCH"]

    @pytest.mark.parametrize(
        ("entries", "state", "told"),
        [
            ([("debit", 5000)], "confirmed", 0),
            ([("debit", 4999)], "ordered", 1),
            ([("debit", 5000), ("debit", 5000)], "confirmed", 1),
            ([("debit", 5000), ("credit", 5000)], "returned", 1),
        ],
    )
    def test_what_the_bank_did(
        self, town: Store, entries: list[tuple[str, int]], state: str, told: int
    ) -> None:
        """A debit confirms its transfer once, a credit returns it; all else a person must see."""
        with town.transaction() as tx:
            ordered(tx)
            found = [
                entry(str(n), way, amount, end_to_end="ZH-T-000001")
                for n, (way, amount) in enumerate(entries)
            ]
            assert statement(tx, *found)[1] == ["W-MATCH"] * told
            assert tx.value("SELECT state FROM transfer") == state
            todos = tx.rows("SELECT kind, object FROM todo")
            assert todos == [("W-MATCH", "transfer:ZH-T-000001")] * told

    def test_a_second_debit_later(self, town: Store) -> None:
        """A debit of a transfer that was confirmed before is told and left for a person."""
        with town.transaction() as tx:
            ordered(tx)
            statement(tx, entry("1", "debit", 5000, end_to_end="ZH-T-000001"))
            again = entry("2", "debit", 5000, end_to_end="ZH-T-000001")
            assert statement(tx, again, statement_id="2", opening="85.55")[1] == ["W-MATCH"]
            assert tx.rows("SELECT state, entry FROM transfer") == [("confirmed", 1)]

    @pytest.mark.parametrize(
        ("way", "reference", "told"),
        [("debit", "ZH-T-000009", 1), ("debit", "NOTPROVIDED", 0), ("debit", None, 0),
         ("credit", "ZH-T-000009", 0)],
    )  # fmt: skip
    def test_a_reference_that_is_not_ours(
        self, town: Store, way: str, reference: str | None, told: int
    ) -> None:
        """A debit that names an unknown transfer is told; a payer's own reference is not."""
        with town.transaction() as tx:
            assert statement(tx, entry("1", way, 1, end_to_end=reference))[1] == ["W-MATCH"] * told
            assert tx.value("SELECT count(*) FROM todo") == told


def ordered(tx: Transaction) -> None:
    """A transfer of 50.00 that was sent to the bank."""
    books.put(
        tx, Transfer, id=1, scheme="DM0001", supplier="water", day="2026-10-06", gross=5000,
        refunds=0, fee=0, net=5000, order_number=1, end_to_end="ZH-T-000001", state="ordered",
    )  # fmt: skip


class TestMatching:
    """`formats-partners.md`, E2: each step must give exactly one candidate."""

    def register(self, number: int, **changed: Any) -> RegisterRow:
        usual = RegisterRow(
            number, str(number), "erip", books.AGENT_IBAN, f"29{number}", "2026-10-06", 100, 0, 99,
            None, None,
        )  # fmt: skip
        return usual._replace(**changed)

    def credit(self, number: int, **changed: Any) -> Credit:
        return Credit(number, "2026-10-06", 99, f"29{number}", books.AGENT_IBAN)._replace(**changed)

    def pairs(self, registers: list[RegisterRow], found: list[Credit]) -> list[tuple[int, int]]:
        return [(r.intake_id, c.id) for r, c in matched(registers, found, {})]

    def test_by_order_number(self) -> None:
        """Equal amounts of one agent are told apart by the number of the payment order."""
        both = [self.register(1), self.register(2)]
        assert self.pairs(both, [self.credit(2), self.credit(1)]) == [(1, 1), (2, 2)]

    def test_by_account(self) -> None:
        """Without a number the agent's account decides, if only one register fits."""
        bare = [self.credit(1, document_number=None)]
        assert self.pairs([self.register(1)], bare) == [(1, 1)]
        assert self.pairs([self.register(1), self.register(2)], bare) == []
        other = [self.credit(1, document_number=None, party_account="BY00")]
        assert self.pairs([self.register(1)], other) == []

    def test_two_credits_for_one_register(self) -> None:
        """Two credits that fit equally are left for a person."""
        twins = [self.credit(1), self.credit(2, document_number="291")]
        assert self.pairs([self.register(1)], twins) == []

    @pytest.mark.parametrize(
        ("day", "near"),
        [("2026-10-06", True), ("2026-10-09", True), ("2026-10-12", False), ("2026-10-01", True),
         ("2026-09-30", False)],
    )  # fmt: skip
    def test_three_banking_days(self, day: str, near: bool) -> None:
        """Days count by the banking calendar, in both directions."""
        assert within("2026-10-06", day, {}) is near


def listed(tx: Transaction, number: int = 12, *, after_reject: str = "leave_out") -> Settings:
    """A 202 with two accounts, sent on 1 October at 01:05, and the settings it left under."""
    sent = stamp(minsk(2026, 10, 1, 1, 5))
    books.dispatched(
        tx, number, "erip.202", name=f"{number}.202", created_at=sent, ack_state="WAITING"
    )
    accounts = tx.rows("SELECT id FROM account ORDER BY id")
    tx.insert(DemandRow, [(number, account, 50, 0) for (account,) in accounts])
    return books.settings(a=books.agreement("erip.202", name="x", after_reject=after_reject))


def reply(
    tx: Transaction, own: Settings, result: str, *rejected: DemandReply, **changed: str
) -> tuple[Outcomes, list[str]]:
    fields = {
        "answered_number": "12", "answered_time": "20261001010500", "result_code": result,
        "error_text": "плохо", **changed,
    }  # fmt: skip
    return post(tx, "erip.204", list(rejected), fields=fields, own=own)


class TestReplies:
    """The 204: one effect for one answer (`formats-erip.md`, A6)."""

    @pytest.mark.parametrize(("result", "state"), [("0", "ACCEPTED"), ("1", "REJECTED")])
    def test_an_answer(self, town: Store, result: str, state: str) -> None:
        """Result 0 accepts the list, another rejects it; the same again changes nothing."""
        with town.transaction() as tx:
            own = listed(tx)
            assert reply(tx, own, result) == ({}, [])
            assert reply(tx, own, result) == ({}, [])
            answered = dispatch(tx, 12)
            assert answered is not None
            assert (answered.ack_state, answered.ack_text) == (state, f"{result} плохо")

    def test_another_answer(self, town: Store) -> None:
        """A second answer that differs is told and changes nothing."""
        with town.transaction() as tx:
            own = listed(tx)
            reply(tx, own, "0")
            assert reply(tx, own, "1", DemandReply(1, "", None))[1] == ["E-ACK-CONFLICT"]
            assert tx.value("SELECT sum(left_out) FROM demand") == 0

    @pytest.mark.parametrize(
        "changed", [{"answered_number": "13"}, {"answered_time": "20261001010501"}]
    )
    def test_nothing_of_ours(self, town: Store, changed: dict[str, str]) -> None:
        """A number or time that we did not send is unknown."""
        with town.transaction() as tx:
            assert reply(tx, listed(tx), "0", **changed)[1] == ["E-ACK-UNKNOWN"]

    def test_rejected_accounts(self, town: Store) -> None:
        """The text of the record decides, its number only without a text; each is left to do."""
        text = f"2^{ACCOUNT}^Иванов И.^Примерск, 1^09.2026^0.50"
        with town.transaction() as tx:
            outcomes, _ = reply(tx, listed(tx), "1", DemandReply(2, "закрыт", text))
            assert outcomes == {}
            assert tx.rows("SELECT account, left_out FROM demand ORDER BY account") == [
                (1, 1), (2, 0),
            ]  # fmt: skip
            assert tx.rows("SELECT kind, object FROM todo") == [("demand.rejected", "account:1")]

    def test_rejected_by_number(self, town: Store) -> None:
        """Without a text the number of the record is that in the list."""
        with town.transaction() as tx:
            reply(tx, listed(tx), "1", DemandReply(2, "закрыт", None))
            assert tx.rows("SELECT account FROM demand WHERE left_out = 1") == [(2,)]

    def test_a_person_corrects(self, town: Store) -> None:
        """Under `after_reject = hold` nobody is left out, the accounts are still told."""
        with town.transaction() as tx:
            reply(tx, listed(tx, after_reject="hold"), "1", DemandReply(1, "закрыт", None))
            assert tx.value("SELECT sum(left_out) FROM demand") == 0
            assert tx.value("SELECT count(*) FROM todo") == 1

    def test_an_accepted_list_is_whole(self, town: Store) -> None:
        """Records named beside result 0 are left for a person, but nobody is left out."""
        with town.transaction() as tx:
            reply(tx, listed(tx), "0", DemandReply(2, "закрыт", None))
            answered = dispatch(tx, 12)
            assert answered is not None
            assert answered.ack_state == "ACCEPTED"
            assert tx.value("SELECT sum(left_out) FROM demand") == 0
            assert tx.rows("SELECT kind, object FROM todo") == [("demand.rejected", "account:2")]

    def test_a_record_that_is_not_in_the_list(self, town: Store) -> None:
        """What cannot be found in the list is told, the answer still counts."""
        with town.transaction() as tx:
            outcomes, _ = reply(tx, listed(tx), "1", DemandReply(9, "", "2^0999999999^"))
            assert codes(outcomes) == [("POSTED", "W-MATCH")]


def test_the_month_of_a_payment(town: Store) -> None:
    """Money is posted in the month that the origin names, whatever day it was paid."""
    with town.transaction() as tx:
        origin = books.origin(tx, "erip.206", period=Month(2026, 11))
        POSTERS["Payment"](tx, origin, books.numbered([notice()]), NONE)
        assert tx.value("SELECT posted_period FROM payment") == 202611
