"""How a partner examines the receipts for its files (`exchange.md`, 10.1), on its own."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from cryptography import x509
from lxml import etree

from hub.simulation.handover import Sending, Taken
from hub.simulation.signature import fault


class Receipts:
    """What the partners sent and which receipt each file still awaits."""

    def __init__(self, hub: x509.Certificate) -> None:
        self._hub = hub
        self._awaited: dict[tuple[str, str, str], list[Sending]] = defaultdict(list)
        self._numbers: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many receipts came."""
        return self._numbers.total()

    def expect(self, sending: Sending) -> None:
        """Await a receipt for a file that was just put."""
        if sending.outcome is not None:
            digest = hashlib.sha256(sending.content).hexdigest()
            self._awaited[sending.channel, sending.name, digest].append(sending)

    def missing(self) -> Iterator[str]:
        """The files for which no receipt came, each as a sentence."""
        for (channel, name, _), waiting in self._awaited.items():
            for sending in waiting:
                yield f"{channel}: no receipt came for {name}, expected {sending.outcome}"

    def examine(self, channel: str, file: Taken) -> Iterator[str]:
        """What is wrong with a receipt, each as a sentence."""
        wrong = fault(file.content, file.signature, self._hub)
        if wrong is not None:
            yield wrong
        try:
            receipt = etree.fromstring(file.content)
        except etree.XMLSyntaxError as error:
            yield f"not XML: {error}"
            return
        self._numbers[channel] += 1
        if receipt.tag != "receipt" or receipt.findtext("number") != str(self._numbers[channel]):
            yield f"not the receipt number {self._numbers[channel]}"
        yield from self._judge(channel, receipt)

    def _judge(self, channel: str, receipt: etree._Element) -> Iterator[str]:
        file = receipt.find("file")
        name, payload = ("", "") if file is None else (file.get("name"), file.get("payload"))
        key = (channel, str(name), str(payload))
        if not self._awaited[key]:
            yield f"nobody sent {key[1]} with these bytes, or its receipt came before"
            return
        sending = self._awaited[key].pop(0)
        outcome = receipt.findtext("outcome")
        if outcome != sending.outcome:
            codes = [str(finding.get("code")) for finding in receipt.iterfind("findings/finding")]
            yield f"{sending.name}: {outcome} instead of {sending.outcome}: {codes[:5]}"
        yield from _details(sending, receipt)


def _details(sending: Sending, receipt: etree._Element) -> Iterator[str]:
    codes = {finding.get("code") for finding in receipt.iterfind("findings/finding")}
    if sending.code is not None and sending.code not in codes:
        yield f"{sending.name}: {sending.code} is not among the findings"
    rejected = receipt.find("totals/rejected")
    count = None if rejected is None else rejected.get("n")
    if sending.outcome != "REJECTED" and count != str(sending.rejected):
        yield f"{sending.name}: {count} records rejected instead of {sending.rejected}"
