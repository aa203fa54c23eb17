"""Invented people and streets of the synthetic town."""

import random
from datetime import date
from typing import NamedTuple

STREETS = (
    "ул. Ясеневая", "ул. Заречная", "пр-т Васильковый", "ул. Мельничная", "вул. Паўночная",
    "ул. Липовая", "пер. Кленовый", "ул. Озерная", "вул. Дзіцячая", "ул. Луговая",
)  # fmt: skip
_SURNAMES = (
    ("Бусловский", "Бусловская"), ("Верасович", "Верасович"), ("Гайдукевич", "Гайдукевич"),
    ("Дубровский", "Дубровская"), ("Ерохович", "Ерохович"), ("Жилинский", "Жилинская"),
    ("Зарецкий", "Зарецкая"), ("Ивашкевич", "Ивашкевич"), ("Калиновский", "Калиновская"),
    ("Лозицкий", "Лозицкая"), ("Мядельский", "Мядельская"), ("Нарочанский", "Нарочанская"),
    ("Ольшевский", "Ольшевская"), ("Пущевич", "Пущевич"), ("Ракитский", "Ракитская"),
    ("Свислочанин", "Свислочанина"), ("Туровец", "Туровец"), ("Уздовский", "Уздовская"),
    ("Хвойницкий", "Хвойницкая"), ("Чаровский", "Чаровская"),
)  # fmt: skip
_FIRST_NAMES = (
    ("Алесь", "Алеся"), ("Антон", "Анна"), ("Богдан", "Валентина"), ("Виктор", "Вероника"),
    ("Глеб", "Галина"), ("Денис", "Дарья"), ("Захар", "Зоя"), ("Иван", "Ирина"),
    ("Кирилл", "Ксения"), ("Леонид", "Лидия"), ("Максим", "Марина"), ("Янка", "Янина"),
)  # fmt: skip
_PATRONYMICS = (
    ("Антонович", "Антоновна"), ("Викторович", "Викторовна"), ("Глебович", "Глебовна"),
    ("Денисович", "Денисовна"), ("Захарович", "Захаровна"), ("Иванович", "Ивановна"),
    ("Кириллович", "Кирилловна"), ("Леонидович", "Леонидовна"), ("Максимович", "Максимовна"),
)  # fmt: skip


class Person(NamedTuple):
    """A person who does not exist."""

    surname: str
    first_name: str
    patronymic: str
    is_woman: bool
    born: date

    @property
    def full_name(self) -> str:
        """Surname, first name, patronymic."""
        return f"{self.surname} {self.first_name} {self.patronymic}"


def person(rng: random.Random) -> Person:
    """Somebody new."""
    woman = rng.random() < 0.53
    surname, first_name, patronymic = (
        rng.choice(names)[woman] for names in (_SURNAMES, _FIRST_NAMES, _PATRONYMICS)
    )
    born = date(rng.randint(1941, 2024), rng.randint(1, 12), rng.randint(1, 28))
    return Person(surname, first_name, patronymic, woman, born)
