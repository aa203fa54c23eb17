"""What the charging organisation sends: the exports of АИС «Расчет-ЖКУ» and our own tables.

The three exports are written with all columns of `formats-partners.md`, A5, A6 and A8, of which
the town fills those that a calculation needs; tariffs, norms and benefits by B7.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import formats
from formats import table
from formats.contract import Envelope
from formats.table import Table
from hub.money import decimal_text, roubles
from hub.month import Month
from hub.simulation.partners import PARTNERS
from hub.simulation.town import Account, Contract, Resident, Town

SCHEME = "DM0001"
EXPORT, REPORT = "export", "report"
OPEN_END = "01.01.2100"
_FORMATS = Path(formats.__file__).parent
_CP1251 = {"encoding_out": "windows-1251"}
_HOUSING = PARTNERS["ais"]


def day_text(day: date) -> str:
    """A day as АИС and our tables write it."""
    return f"{day:%d.%m.%Y}"


def _money(kopecks: int) -> str:
    return roubles(kopecks).replace(".", ",")


def _flag(yes: bool) -> str:
    return "1" if yes else "0"


def cards(town: Town, dialect: str, day: date) -> bytes:
    """«Карточка ЛС» as known on `day`."""
    following = Month.of(day).plus(1).first
    return _written("ais_account", dialect, (_card(a, following, town) for a in town.accounts))


def services(town: Town, dialect: str, day: date) -> bytes:
    """«Услуги» as known on `day`; tariffs and charges of АИС are left empty."""
    rows = (_service(account, c, day) for account in town.accounts for c in account.contracts)
    return _written("ais_service", dialect, rows)


def registrations(town: Town, dialect: str, day: date) -> bytes:
    """«Регистрация» as known on `day`, with those who left."""
    rows = (
        _registration(account, resident, day, town)
        for account in town.accounts
        for resident in account.residents
    )
    return _written("ais_registration", dialect, rows)


@cache
def _format(name: str) -> Table:
    return table.load(_FORMATS / f"{name}.toml")


def _written(name: str, dialect: str, records: Iterable[Mapping[str, str]]) -> bytes:
    form = _format(name)
    names = form.layout.names
    rows = (tuple(record.get(column, "") for column in names) for record in records)
    return b"".join(form.encode(rows, Envelope(dialect, form.layout), _CP1251))


def _card(account: Account, day: date, town: Town) -> dict[str, str]:
    present = account.present(day)
    return {
        "schema_code": SCHEME,
        "account_id": str(account.id),
        "is_private_enterprise": "0",
        "account_number": account.number,
        "unified_account": str(account.unified),
        "servicing_org_id": _HOUSING.provider_id or "",
        "servicing_org_name": _HOUSING.name,
        "house_id": str(account.house.id),
        "house_address": account.house.address,
        "account_address": account.address,
        "flat_number": str(account.flat),
        "total_area": decimal_text(account.area, 100).replace(".", ","),
        "room_count": str(account.rooms),
        "resident_count": str(len(present)),
        "benefit_count": str(present.count(town.holder)),
        "object_type_id": "3",
        "object_type_short": "кв.",
        "object_type_name": "Квартира",
        "housing_category_id": "3",
        "housing_category_short": "гражд.",
        "housing_category_name": "Жилой фонд граждан",
        "ownership_id": "2",
        "ownership_name": "частный",
        "uniqueness_id": "0",
        "uniqueness_name": "основной",
        "payer_names": account.payer,
        "opened_on": day_text(account.opened_on),
        "closed_on": OPEN_END,
        "opening_balance": _money(account.balance),
        "total_charged": "0,00",
        "paid": "0,00",
        "written_off": "0,00",
        "unallocated": "0,00",
        "subsidy": "0,00",
        "closing_balance": "0,00",
    }


def _service(account: Account, contract: Contract, day: date) -> dict[str, str]:
    service = contract.service
    supplier = PARTNERS[service.supplier]
    return {
        "account_id": str(account.id),
        "contract_id": str(contract.id),
        "service_id": str(service.ais_id),
        "service_name": service.name,
        "supplier_id": supplier.provider_id or "",
        "supplier_short": supplier.name,
        "supplier_name": supplier.name,
        "sort_code": str(service.ais_id),
        "valid_from": day_text(account.opened_on),
        "valid_to": OPEN_END,
        "opening_balance": _money(contract.balance),
        "opening_penalty": _money(contract.penalty),
        "debt_months": str(contract.debt_months),
        "calculation_id": str(contract.id),
        "calculated_on": f"{day_text(day)} 8:30:00",
    }


def _registration(account: Account, resident: Resident, day: date, town: Town) -> dict[str, str]:
    person = resident.person
    return {
        "registration_id": str(resident.registration_id),
        "account_id": str(account.id),
        "account_number": account.number,
        "person_id": str(resident.person_id),
        "payer_registration_id": str(account.residents[0].registration_id),
        "house_id": str(account.house.id),
        "house_address": account.house.address,
        "account_address": account.address,
        "servicing_org_id": _HOUSING.provider_id or "",
        "servicing_org_short": _HOUSING.name,
        "servicing_org_name": _HOUSING.name,
        "operating_date": day_text(Month.of(day).last),
        "surname": person.surname,
        "first_name": person.first_name,
        "patronymic": person.patronymic,
        "birth_date": day_text(person.born),
        "sex_id": "2" if person.is_woman else "1",
        "is_legal_entity": "0",
        "registration_type_id": "1",
        "registration_type_name": "по месту жительства",
        "registered_on": day_text(resident.arrived_on),
        "arrived_on": day_text(resident.arrived_on),
        "left_on": day_text(resident.left_on) if resident.left_on else "",
        "is_deregistered": _flag(resident.left_on is not None),
        "is_payer": _flag(resident.is_payer),
        "is_tenant_without_payment": "0",
        "has_tenancy": "0",
        "is_family_member": "1",
        "has_benefit": _flag(resident == town.holder),
        "idle_flag": "0",
        "pays_from_salary": "0",
        "resident_count": str(len(account.present(day))),
    }


_ACT = "Решение исполнительного комитета примерское № 1"
_TARIFFS = (
    ("maintenance", "0,2070", "0,2245", "m2"),
    ("waste", "11,6022", "12,1736", "m3"),
    ("heating", "24,7187", "126,29", "Gcal"),
    ("cold_water", "2,0248", "2,6172", "m3"),
    ("sewerage", "1,1295", "2,3121", "m3"),
    ("gas", "0,5220", "1,1460", "m3"),
)
_NORMS = (
    ("waste", "volume_person_year", "01.01.2026", "2,68", "m3"),
    ("cold_water", "volume_person_month", "01.01.2026", "8", "m3"),
    ("sewerage", "volume_person_month", "01.01.2026", "8", "m3"),
    ("heating", "gcal_per_m2", "01.01.2026", "0,0124", "Gcal"),
    ("heating", "gcal_per_m2", "01.10.2026", "0,0142", "Gcal"),
    ("heating", "gcal_per_m2", "01.11.2026", "0,0171", "Gcal"),
)


def tariffs() -> bytes:
    """The subsidised and the full tariff of each service."""
    header = "service;region;supplier;tariff_kind;variant;valid_from;valid_to;price;unit;act"
    return _table(header, (
        (service, "", "", kind, "", "01.01.2026", "", price, unit, _ACT)
        for service, *prices, unit in _TARIFFS
        for kind, price in zip(("sub", "full"), prices, strict=True)
    ))  # fmt: skip


def norms() -> bytes:
    """The norms of the country; that of heat changes with the season."""
    header = "scope;scope_id;service;attribute;norm_kind;valid_from;valid_to;value;unit;act"
    return _table(header, (
        ("country", "", service, "", kind, valid_from, "", value, unit, _ACT)
        for service, kind, valid_from, value, unit in _NORMS
    ))  # fmt: skip


def benefits(town: Town) -> bytes:
    """Half of the maintenance of 20 m² for the one holder of the town."""
    header = (
        "registration_id;law;category;percent;area_limit;volume_limit;services;valid_from;valid_to"
    )
    holder = str(town.holder.registration_id)
    law = "Закон о государственных социальных льготах"
    row = (holder, law, "ветеран", "50", "20", "", "maintenance", "01.01.2026", "")
    return _table(header, [row])


def _table(header: str, rows: Iterable[Iterable[str]]) -> bytes:
    lines = [header, *(";".join(row) for row in rows), ""]
    return "\r\n".join(lines).encode("cp1251")
