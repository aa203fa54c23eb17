"""A hub of a few lines for tests of the other side: it answers, but computes nothing."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from hub.clock import minsk
from hub.money import roubles
from hub.month import Month
from hub.simulation.banking_days import banking_days
from hub.simulation.other_side import SUPPLIERS
from hub.simulation.partners import COLLECTOR, PARTNERS
from hub.simulation.signature import enrol, fault
from hub.simulation.timetable import FIRST_MONTH
from hub.simulation.town import Town

CHANNELS = tuple(PARTNERS)
OUR = {name: getattr(COLLECTOR, name) for name in (
    "subscriber_code", "unp", "iban", "bic", "bank_code",
)}  # fmt: skip
Job = Callable[[datetime], None]


class FakeHub:
    """Makes the folders of an instance and, at its hours, the files that a hub would make."""

    def __init__(self, root: Path, town: Town, months: int) -> None:
        self.root, self.town = root, town
        for channel in CHANNELS:
            (root / "inbox" / channel).mkdir(parents=True)
            (root / "outbox" / channel).mkdir(parents=True)
        self.signer = enrol(root / "keys", "hub")
        self.certificate = root / "keys" / "cert.pem"
        self.taken: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self.numbers: Counter[str] = Counter()
        self.credit = 0
        self.left_out: set[str] = set()
        self.jobs = sorted(self._jobs(months), key=lambda job: job[0])

    def _jobs(self, months: int):
        last = FIRST_MONTH.plus(months).last
        for month in map(FIRST_MONTH.plus, range(1, months + 1)):
            yield minsk(*month, 1, 1), self.demand
            yield minsk(*month, 1, 2), self.registers
        for day in banking_days(date(2026, 9, 1), last):
            yield minsk(day.year, day.month, day.day, 10), self.order

    def next_instant(self) -> datetime | None:
        return self.jobs[0][0] if self.jobs else None

    def work(self, now: datetime) -> None:
        """Take every file, then do the jobs that are due."""
        for channel in CHANNELS:
            inbox = self.root / "inbox" / channel
            for path in sorted(inbox.iterdir(), key=lambda path: path.stat().st_mtime_ns):
                if not path.name.endswith(".p7s"):
                    self.take(channel, path, now)
        while self.jobs and self.jobs[0][0] <= now:
            self.jobs.pop(0)[1](now)

    def take(self, channel: str, path: Path, now: datetime) -> None:
        content, beside = path.read_bytes(), path.with_name(path.name + ".p7s")
        signature = beside.read_bytes() if beside.exists() else None
        self.taken[channel].append((path.name, content))
        path.unlink()
        beside.unlink(missing_ok=True)
        if channel == "erip":
            self.read_erip(path.name, content, now)
        else:
            self.answer(channel, path.name, content, signature)

    def read_erip(self, name: str, content: bytes, now: datetime) -> None:
        lines = content.decode("cp1251").splitlines()
        if name.endswith(".204") and lines[0].split("^")[6] != "0":
            self.left_out = {line.split("^")[3] for line in lines[1:]}
            self.demand(now)

    def answer(self, channel: str, name: str, content: bytes, signature: bytes | None) -> None:
        outcome, code, rejected = "ACCEPTED", "", 0
        certificate = enrol(self.root / "partners" / channel, channel).certificate
        if signature is None:
            outcome, code = "REJECTED", "E-SIG-NONE"
        elif fault(content, signature, certificate):
            outcome, code = "REJECTED", "E-SIG-SIGNER"
        elif b"99999999" in content:
            outcome, rejected = "ACCEPTED_WITH_ERRORS", 3
        if channel == "bank":
            text = content.decode()
            for amount in re.findall(
                r"<Amt[^>]*>([0-9.]+)</Amt>\s*<CdtDbtInd>CRDT.*\s*<Sts>", text
            ):
                self.credit += int(amount.replace(".", ""))
        self.receipt(channel, name, content, outcome, code, rejected)

    def receipt(self, channel, name, content, outcome, code, rejected) -> None:
        number = self.number(f"receipt {channel}")
        digest = hashlib.sha256(content).hexdigest()
        finding = f'<finding code="{code}"/>' if code else ""
        self.send(channel, f"RCP_{number}_20260901.xml", (
            f'<receipt version="1"><number>{number}</number>'
            f'<file name="{name}" payload="{digest}"/><outcome>{outcome}</outcome>'
            f'<totals><rejected n="{rejected}" sum="0.00"/></totals>'
            f"<findings>{finding}</findings></receipt>"
        ).encode())  # fmt: skip

    def demand(self, now: datetime) -> None:
        accounts = [a for a in self.town.accounts if a.number not in self.left_out]
        self.left_out = set()
        number, time = self.number("202"), f"{now:%Y%m%d%H%M%S}"
        month = Month.of(now.date()).plus(-1)
        us = COLLECTOR
        head = (
            "5", us.subscriber_code, str(number), time, str(len(accounts)), us.unp, us.bank_code,
            us.iban, "1", "933", "PS",
        )  # fmt: skip
        rows = [
            ("2", a.number, a.payer, a.address, f"{month.number:02d}.{month.year}",
             roubles(1000 + 7 * at), "", time, *[""] * 7)
            for at, a in enumerate(accounts)
        ]  # fmt: skip
        content = "".join("^".join(row) + "\r\n" for row in (head, *rows)).encode("cp1251")
        self.send("erip", f"{number}.202", content)

    def registers(self, now: datetime) -> None:
        month = Month.of(now.date()).plus(-1)
        for supplier in SUPPLIERS:
            number = self.number(f"register {supplier}")
            content = register(self.town, supplier, month)
            self.send(supplier, f"register_{month.key}_{number}.csv", content)

    def order(self, now: datetime) -> None:
        if not self.credit:
            return
        amount, self.credit = roubles(self.credit), 0
        number, payee = self.number("pain"), PARTNERS["water"]
        self.send("bank", f"pain001_{number}.xml", pain(number, amount, payee, now))

    def number(self, kind: str) -> int:
        self.numbers[kind] += 1
        return self.numbers[kind]

    def send(self, channel: str, name: str, content: bytes) -> None:
        outbox = self.root / "outbox" / channel
        (outbox / f"{name}.p7s").write_bytes(self.signer.sign(content))
        (outbox / name).write_bytes(content)


def register(town: Town, supplier: str, month: Month) -> bytes:
    """A register in which nothing happens."""
    keys = [
        (a.number, c.service.code, c.balance + c.penalty)
        for a in town.accounts for c in a.contracts if c.service.supplier == supplier
    ]  # fmt: skip
    period, zeros = f"{month.number:02d}.{month.year}", ";".join(["0.00"] * 6)
    total = roubles(sum(balance for *_, balance in keys))
    return "\r\n".join([
        "month;account;service;opening;charged;benefit;recalculated;penalty;paid;fee;closing",
        *(f"{period};{a};{s};{roubles(b)};{zeros};{roubles(b)}" for a, s, b in keys),
        f"ИТОГО;{len(keys)};;{total};{zeros};{total}",
        "",
    ]).encode("cp1251")  # fmt: skip


def pain(number: int, amount: str, payee, now: datetime) -> bytes:
    """A pain.001 of one order."""
    us, sums = COLLECTOR, f"<NbOfTxs>1</NbOfTxs><CtrlSum>{amount}</CtrlSum>"
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
    <GrpHdr><MsgId>ZH-{number}</MsgId>{sums}</GrpHdr>
    <PmtInf><PmtInfId>ZH-{number}-1</PmtInfId>{sums}
    <ReqdExctnDt><Dt>{now:%Y-%m-%d}</Dt></ReqdExctnDt>
    <Dbtr><Id><OrgId><Othr><Id>{us.unp}</Id></Othr></OrgId></Id></Dbtr>
    <DbtrAcct><Id><IBAN>{us.iban}</IBAN></Id></DbtrAcct>
    <CdtTrfTxInf><PmtId><InstrId>{number}</InstrId><EndToEndId>ZH-T-{number:06d}</EndToEndId></PmtId>
    <Amt><InstdAmt Ccy="BYN">{amount}</InstdAmt></Amt>
    <Cdtr><Id><OrgId><Othr><Id>{payee.unp}</Id></Othr></OrgId></Id></Cdtr>
    <CdtrAcct><Id><IBAN>{payee.iban}</IBAN></Id></CdtrAcct>
    <Purp><Prtry>122601</Prtry></Purp><RmtInf><Ustrd>Перечисление</Ustrd></RmtInf>
    </CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>""".encode()
