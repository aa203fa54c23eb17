"""What goes wrong with us. What is wrong with a file is a `Finding`, never an exception.

HubError               exit 3: our failure
├── SettingsError      exit 2: settings or usage, with the place and the way to mend it
├── Refused            exit 1: the data is at fault, or the state forbids the act
├── StoreAway          the database cannot be reached; the file waits and is tried again
├── DiskTrouble        the disk cannot be read or written; the file waits and is tried again
├── SyncFailed         a sync failed: what was written may be gone; stop, start again, recover
├── Clash              another worker took the same key in between; look again and decide anew
├── NotPublished       a file could not be put in its place; the delivery waits
├── SigningFailed      no signature could be made; the dispatch keeps its number and waits
└── Inconsistent       an invariant does not hold; nothing goes on until a person looked
"""


class HubError(Exception):
    """The hub could not do what it was asked."""

    exit_code = 3
    code = "hub_error"


class SettingsError(HubError):
    """Settings or usage are wrong; the text names the place and what is right."""

    exit_code = 2
    code = "settings"


class Refused(HubError):
    """The data or the state of things forbids the act; `code` is a stable word of `billing.md`."""

    exit_code = 1

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class StoreAway(HubError):
    """The database cannot be reached."""

    code = "store_away"


class DiskTrouble(HubError):
    """The disk cannot be read or written."""

    code = "disk"


class SyncFailed(HubError):
    """A sync failed; it is never tried again, for the pages may be gone while it says "ok"."""

    code = "sync_failed"


class Clash(HubError):
    """A key that may be taken once was taken by another in between."""

    code = "clash"


class NotPublished(HubError):
    """A file could not be put in its place."""

    code = "not_published"


class SigningFailed(HubError):
    """No signature could be made."""

    code = "signing_failed"


class Inconsistent(HubError):
    """An invariant does not hold."""

    code = "invariant_broken"
