"""Stripe's requirements of an account, in words for staff.

Source: https://docs.stripe.com/connect/required-verification-information
"""

import re

_WORDS = {
    "business_profile.mcc": "kind of business",
    "business_profile.product_description": "description of what is sold",
    "business_profile.url": "website",
    "business_type": "type of business",
    "company.tax_id": "tax ID of the company",
    "company.verification.document": "document of the company",
    "external_account": "bank account",
    "tos_acceptance.date": "acceptance of Stripe's terms",
    "tos_acceptance.ip": "acceptance of Stripe's terms",
}
# What is asked of a person, whoever it is: `individual.…`, `person_….…`, `representative.…`, `owners.…`.
_OF_A_PERSON = {
    "additional_document": "second document",
    "address": "address",
    "dob": "date of birth",
    "email": "email address",
    "first_name": "name",
    "id_number": "tax ID",
    "last_name": "name",
    "nationality": "nationality",
    "phone": "phone number",
    "political_exposure": "political exposure",
    "ssn_last_4": "last four digits of the SSN",
    "document": "identity document",
    "proof_of_liveness": "selfie",
}
_PART = re.compile(r"[a-z0-9_]+")


def in_words(requirement: str) -> str:
    """Name what Stripe asks for; one that isn't known keeps Stripe's name."""
    if requirement in _WORDS:
        return _WORDS[requirement]
    parts = _PART.findall(requirement)
    known = (_OF_A_PERSON[part] for part in reversed(parts) if part in _OF_A_PERSON)
    return next(known, requirement)


def all_in_words(requirements: list[str]) -> str:
    """Name each once, in Stripe's order."""
    return ", ".join(dict.fromkeys(map(in_words, requirements)))
