"""Calling an act's service for each object, and telling how it went."""

import logging
from datetime import datetime

from accounts.errors import StripeUnavailable
from console.acting.declaring import Given
from console.acting.preview import Done
from console.acting.proposals import Part, Proposal
from console.acting.submissions import Result
from console.models import Outcome
from database.display import name_of, page_of
from database.refusals import Refusal
from database.requests import request_id
from database.staff import Act
from stripe_io.errors import NotYet, StripeCallFailed

log = logging.getLogger(__name__)


def carry_out(proposal: Proposal, given: Given, *, act: Act, now: datetime) -> Result:
    """Do all parts of a proposal. One that is refused doesn't stop the others; an unexpected error does."""
    done: list[tuple[Part, Done]] = []
    refused: list[tuple[Part, str]] = []
    for part in proposal.parts:
        try:
            done.append((part, proposal.act.perform(part.obj, given, act=act, now=now)))
        except (Refusal, StripeUnavailable, StripeCallFailed, NotYet) as refusal:
            refused.append((part, str(refusal)))
        except Exception:
            log.exception("%s: %s failed", act.actor, proposal.act.title([part.obj]))
            return _unknown(done)
    return _of_one(done, refused) if len(proposal.parts) == 1 else _of_many(proposal, done, refused)


def _of_one(done: list[tuple[Part, Done]], refused: list[tuple[Part, str]]) -> Result:
    for _, why in refused:
        return Result(Outcome.REFUSED, why)
    ((part, what),) = done
    linked = what.made or part.obj
    return Result(Outcome.DONE, what.message, page_of(linked) if linked else "")


def _of_many(proposal: Proposal, done: list[tuple[Part, Done]], refused: list[tuple[Part, str]]) -> Result:
    message = f"{proposal.act.label}: done for {proposal.act.count(done)}."
    if refused:
        named = "; ".join(f"{name_of(part.obj)}: {why}" for part, why in refused)
        message += f" Refused for {proposal.act.count(refused)}: {named}"
    return Result(Outcome.DONE if done else Outcome.REFUSED, message)


def _unknown(done: list[tuple[Part, Done]]) -> Result:
    before = f"Done before that: {', '.join(name_of(part.obj) for part, _ in done)}. " if done else ""
    return Result(
        Outcome.UNKNOWN,
        f"Something went wrong, and it is unknown how far it got. {before}Look at the history before you try again. "
        f"The error is in the log, as request {request_id.get()}.",
    )
