"""Who works on the cases of a body: the colleagues to whom a case can be given."""

from __future__ import annotations

from datetime import date

from kiban.access import people
from kiban.access.models import Office
from kiban.kernel.office import Staff


def staff_of(body: str, service: str, on: date) -> Staff:
    """The staff who hold a role of a service in a body on a day, and the departments of its counter."""
    office = Office.objects.filter(body=body, service=service).first()
    colleagues = people.colleagues(body, service, on=on)
    return Staff(
        {str(found.id): found.department for found in colleagues}, tuple(office.departments) if office else ()
    )
