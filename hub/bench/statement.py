"""The input of the bench that reads XML: a camt.053 of a day with credits alone."""

from collections.abc import Iterator
from pathlib import Path

from hub.bench.payments import paid
from hub.bench.place import NOW
from hub.money import roubles
from hub.simulation.bank import NAMESPACE
from hub.simulation.partners import AGENTS, COLLECTOR

FIRST_REFERENCE = 900_001


def write_statement(path: Path, entries: int) -> None:
    """Write a statement with so many entries."""
    closing = sum(sums.amount for sums in paid(entries))
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_head(closing))
        out.writelines(_entries(entries))
        out.write("</Stmt></BkToCstmrStmt></Document>\n")


def _head(closing: int) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE}"><BkToCstmrStmt><GrpHdr><MsgId>ST-1</MsgId>'
        f"<CreDtTm>{NOW:%Y-%m-%dT%H:%M:%S}+03:00</CreDtTm></GrpHdr><Stmt><Id>{NOW:%Y%m%d}-1</Id>"
        f"<ElctrncSeqNb>1</ElctrncSeqNb><FrToDt><FrDtTm>{NOW:%Y-%m-%d}T00:00:00+03:00</FrDtTm>"
        f"<ToDtTm>{NOW:%Y-%m-%d}T23:59:59+03:00</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{COLLECTOR.iban}</IBAN></Id><Ccy>BYN</Ccy></Acct>"
        f"{_balance('OPBD', 0)}{_balance('CLBD', closing)}\n"
    )


def _balance(code: str, amount: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="BYN">{roubles(amount)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd>{_day('Dt')}</Bal>"
    )


def _day(tag: str) -> str:
    return f"<{tag}><Dt>{NOW:%Y-%m-%d}</Dt></{tag}>"


def _entries(count: int) -> Iterator[str]:
    days, agent = _day("BookgDt") + _day("ValDt"), AGENTS[0]
    party = (
        f"<RltdPties><Dbtr><Pty><Nm>{agent.name}</Nm><Id><OrgId><Othr><Id>{agent.unp}</Id></Othr>"
        f"</OrgId></Id></Pty></Dbtr><DbtrAcct><Id><IBAN>{agent.iban}</IBAN></Id></DbtrAcct>"
        f"</RltdPties><RltdAgts><DbtrAgt><FinInstnId><BICFI>{agent.bic}</BICFI></FinInstnId>"
        "</DbtrAgt></RltdAgts>"
    )
    for at, sums in enumerate(paid(count)):
        yield (
            f'<Ntry><NtryRef>{at + 1}</NtryRef><Amt Ccy="BYN">{roubles(sums.amount)}</Amt>'
            f"<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>{days}"
            f"<AcctSvcrRef>{FIRST_REFERENCE + at}</AcctSvcrRef><BkTxCd><Prtry><Cd>1</Cd></Prtry>"
            f"</BkTxCd><NtryDtls><TxDtls><Refs><InstrId>{at + 1}</InstrId></Refs>{party}"
            f"<RmtInf><Ustrd>Перечисление платежей по реестру {at + 1}</Ustrd></RmtInf></TxDtls>"
            "</NtryDtls></Ntry>\n"
        )
