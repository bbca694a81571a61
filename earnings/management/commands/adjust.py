"""Adjust what a creator is owed. One person proposes, and it is booked once another approves."""

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from accounts.selectors import known_creator
from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right
from earnings.errors import CurrencyNotInUse
from earnings.models import Adjustment
from earnings.services import adjustments
from money import Money, currencies


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        propose = self.add_act(
            "propose", right=Right.PROPOSE_ADJUSTMENT, help="propose an adjustment to what a creator is owed"
        )
        write_off = self.add_act(
            "write-off", right=Right.PROPOSE_ADJUSTMENT, help="propose to write off what a creator owes"
        )
        for act in (propose, write_off):
            act.add_argument("creator", help="the marketplace's creator id")
            act.add_argument("--currency", default="USD", help="ISO 4217 code (default: USD)")
        propose.add_argument("amount", help="signed amount in minor units: 12500 is $125.00")
        propose.add_argument(
            "--counts-as-earned",
            action="store_true",
            help="treat it like a sale, which first undoes write-offs; otherwise the creator keeps all of it",
        )
        approve = self.add_act(
            "approve",
            right=Right.APPROVE_ADJUSTMENT,
            help="approve another person's proposal",
            reason="Approved",
        )
        decline = self.add_act("decline", right=Right.APPROVE_ADJUSTMENT, help="decline a proposal")
        for act in (approve, decline):
            act.add_argument("adjustment", type=UUID, help="adjustment id")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        adjustment = _act(options)
        return {
            "adjustment": str(adjustment.pk),
            "amount": Money(adjustment.amount, adjustment.currency),
            "currency": adjustment.currency,
            "counts_as_earned": adjustment.counts_as_earned,
            "status": adjustment.status,
        }


def _act(options: dict[str, Any]) -> Adjustment:
    match options["act"]:
        case "propose":
            amount = _amount(options["amount"], currency=options["currency"])
            creator = known_creator(options["creator"])
            return adjustments.propose_adjustment(
                creator,
                amount=amount,
                counts_as_earned=options["counts_as_earned"],
                act=act_of(options),
            )
        case "write-off":
            creator = known_creator(options["creator"])
            return adjustments.propose_write_off(creator, currency=options["currency"], act=act_of(options))
        case "approve":
            return adjustments.approve_adjustment(options["adjustment"], act=act_of(options), now=sql.now())
        case _:
            return adjustments.decline_adjustment(options["adjustment"], act=act_of(options), now=sql.now())


def _amount(text: str, *, currency: str) -> Money:
    """Read minor units only: if 125.00 were read as dollars, 125 would be ambiguous."""
    if not currencies.is_current(currency):
        raise CurrencyNotInUse(currency)
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return Money(int(text), currency)
    if re.fullmatch(r"[+-]?[0-9][0-9,]{0,14}\.[0-9]+", text):
        with suppress(ValueError):
            meant = Money.of(Decimal(text.replace(",", "")), currency)
            raise CommandError(f"The amount must be in minor units: {meant.amount} for {meant}.")
    example = Money(12_500, currency)
    raise CommandError(f"{text!r} is not an amount in minor units, such as {example.amount} for {example}.")
