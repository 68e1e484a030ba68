"""What callers narrow lists down by, and what databases look for then."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.errors import Problem
from app.ids import parse_id
from app.repositories.filtering import DeliveryCriteria, LeadCriteria, SearchTerm
from app.services.contacts import email_key, phone_e164
from app.services.identifying import lead_id_of
from app.services.texts import LONG, SHORT, reject, text_problem
from app.tables.projects import ProjectRow
from app.values import DeliveryState, LeadOrderField, LeadStatus, OrderDirection, Platform

MOST_IDS = 1_000
"""Deliveries that can be named one by one."""

_PHONE = re.compile(r"\s*\+?[\d\s()./-]+", re.ASCII)
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class LeadOrder:
    """How a caller wants leads sorted."""

    field: LeadOrderField = LeadOrderField.CREATED_AT
    direction: OrderDirection = OrderDirection.DESC

    @property
    def tells_of_the_person(self) -> bool:
        """Whether the places of leads tell what is known of the people."""
        return self.field in {LeadOrderField.FIRST_NAME, LeadOrderField.LAST_NAME, LeadOrderField.EMAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """Which leads a caller wants; None: not given. An empty list matches nothing."""

    statuses: Collection[LeadStatus] | None = None
    label_id: str | None = None
    form_name: str | None = None
    unique_identifier: str | None = None
    email: str | None = None
    phone: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Itself excluded."""
    search: str | None = None
    """Blank: not given. What somebody types must not fail before the first letter."""
    has_gclid: bool | None = None
    has_fbc: bool | None = None
    has_fbp: bool | None = None
    has_ga_client_id: bool | None = None

    @property
    def tells_of_the_person(self) -> bool:
        """Whether the answer says more of the person than whoever asks has named."""
        has = (self.has_gclid, self.has_fbc, self.has_fbp, self.has_ga_client_id)
        return self.search is not None or self.form_name is not None or any(one is not None for one in has)

    def check(self) -> None:
        """InvalidInputError with everything that is wrong."""
        texts = {
            "formName": self.form_name,
            "uniqueIdentifier": self.unique_identifier,
            "email": self.email,
            "phone": self.phone,
        }
        problems = [_problem(name, text) for name, text in texts.items() if text is not None]
        problems.append(text_problem(("filter", "search"), self.search or "", SHORT))
        reject([problem for problem in problems if problem])

    def criteria(self, project: ProjectRow) -> LeadCriteria:
        """What a database looks for."""
        label_id = None if self.label_id is None else parse_id(self.label_id)
        phone = None if self.phone is None else phone_e164(self.phone, project.country_code)
        has = {
            "gclid": self.has_gclid,
            "fbc": self.has_fbc,
            "fbp": self.has_fbp,
            "ga_client_id": self.has_ga_client_id,
        }
        return LeadCriteria(
            project_id=project.id,
            statuses=self.statuses,
            label_id=label_id,
            form_name=self.form_name,
            unique_identifier=self.unique_identifier,
            email_key=None if self.email is None else email_key(self.email),
            phone_e164=phone,
            created_from=self.created_from,
            created_to=self.created_to,
            search=_search_term(self.search),
            has=tuple((column, wanted) for column, wanted in has.items() if wanted is not None),
            none=_cannot_be(self.label_id, label_id) or _cannot_be(self.phone, phone),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries a caller wants; None: not given. An empty list matches nothing."""

    ids: Sequence[str] | None = None
    states: Collection[DeliveryState] | None = None
    platforms: Collection[Platform] | None = None
    integration_id: str | None = None
    lead_id: str | None = None
    job_id: str | None = None
    error_code: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Itself excluded."""

    def check(self) -> None:
        """InvalidInputError with everything that is wrong."""
        problems: list[Problem | None] = []
        if self.ids is not None and len(self.ids) > MOST_IDS:
            problems.append(Problem(("filter", "ids"), f"must be at most {MOST_IDS}"))
        if self.error_code is not None:
            problems.append(_problem("errorCode", self.error_code))
        reject([problem for problem in problems if problem])

    def criteria(self, project_id: UUID) -> DeliveryCriteria:
        """What a database looks for."""
        parsed = None if self.ids is None else [parse_id(one) for one in self.ids]
        integration_id = None if self.integration_id is None else parse_id(self.integration_id)
        job_id = None if self.job_id is None else parse_id(self.job_id)
        lead_id = None if self.lead_id is None else lead_id_of(self.lead_id)
        return DeliveryCriteria(
            project_id=project_id,
            ids=None if parsed is None else {one for one in parsed if one is not None},
            states=self.states,
            platforms=self.platforms,
            integration_id=integration_id,
            lead_id=lead_id,
            job_id=job_id,
            error_code=self.error_code,
            created_from=self.created_from,
            created_to=self.created_to,
            none=_cannot_be(self.integration_id, integration_id)
            or _cannot_be(self.job_id, job_id)
            or _cannot_be(self.lead_id, lead_id),
        )


def _problem(name: str, text: str) -> Problem | None:
    path = ("filter", name)
    return text_problem(path, text, LONG) if text.strip() else Problem(path, "must not be blank")


def _cannot_be(given: str | None, understood: object) -> bool:
    """Something was given that is nobody's."""
    return given is not None and understood is None


def _search_term(given: str | None) -> SearchTerm | None:
    if given is None or not given.strip():
        return None
    term = " ".join(given.split())
    # Beyond ASCII SQLite lower-cases nothing: what it compares may have been written in each of these ways.
    spellings = {_ascii_lower(one) for one in (term.lower(), term.upper(), term.title())}
    return SearchTerm(
        spellings=tuple(sorted(spellings)), digits=_digits_of_phone(term), lead_id=lead_id_of(term)
    )


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _digits_of_phone(term: str) -> str | None:
    """The digits as an E.164 number has them: without the zeros that are dialled first."""
    if not _PHONE.fullmatch(term):
        return None
    digits = re.sub(r"\D", "", term).lstrip("0")
    return digits if len(digits) >= _FEWEST_DIGITS else None
