"""What each state of every app means to staff: the one map of colours and icons. Importing this module sets it."""

from accounts.models import AccountStatus
from console.panels.creator_summary import Flag
from database.admin import Tone, give_tones
from earnings.models import AdjustmentStatus, BatchActKind, Resolution
from payouts.models import BooksVerdict, PlacementStatus
from payouts.states import AttemptStatus, DecisionReason, PayoutStatus, RunState
from payouts.whereabouts import StepState
from stripe_io.models import InboxOutcome

give_tones(
    PayoutStatus,
    {
        Tone.WAITING: [PayoutStatus.PENDING],
        Tone.MOVING: [PayoutStatus.PROCESSING, PayoutStatus.IN_TRANSIT],
        Tone.DONE: [PayoutStatus.PAID],
        Tone.ATTENTION: [PayoutStatus.ON_HOLD, PayoutStatus.UNRESOLVED, PayoutStatus.RETURNED],
        Tone.LOST: [PayoutStatus.FAILED, PayoutStatus.REVERSED],
        Tone.OVER: [PayoutStatus.CANCELLED],
    },
)
give_tones(
    AttemptStatus,
    {
        Tone.MOVING: [AttemptStatus.OPEN],
        Tone.DONE: [AttemptStatus.SUCCEEDED],
        Tone.ATTENTION: [AttemptStatus.RETURNED],
        Tone.LOST: [AttemptStatus.REFUSED],
        Tone.OVER: [AttemptStatus.ABSENT],
    },
)
give_tones(
    DecisionReason,
    {
        Tone.WAITING: [DecisionReason.BELOW_MINIMUM, DecisionReason.BELOW_BANK_MINIMUM],
        Tone.DONE: [DecisionReason.PAID],
        Tone.ATTENTION: [
            DecisionReason.NO_MINIMUM_FOR_CURRENCY,
            DecisionReason.NEGATIVE_BALANCE,
            DecisionReason.ON_HOLD,
            DecisionReason.NO_ACCOUNT,
            DecisionReason.ONBOARDING_INCOMPLETE,
            DecisionReason.ACCOUNT_RESTRICTED,
            DecisionReason.PREVIOUS_PAYOUT_OPEN,
        ],
        Tone.LOST: [DecisionReason.BOOKS_DISAGREE, DecisionReason.ERROR],
        Tone.OVER: [DecisionReason.COUNTRY_NOT_SUPPORTED],
    },
)
give_tones(
    AccountStatus,
    {
        Tone.WAITING: [AccountStatus.NOT_CREATED, AccountStatus.PENDING],
        Tone.MOVING: [AccountStatus.ONBOARDING],
        Tone.DONE: [AccountStatus.ACTIVE],
        Tone.ATTENTION: [AccountStatus.RESTRICTED],
        Tone.LOST: [AccountStatus.DISABLED],
    },
)
for proposal in (AdjustmentStatus, PlacementStatus):
    give_tones(
        proposal,
        {
            Tone.ATTENTION: [proposal.PROPOSED],
            Tone.DONE: [proposal.APPROVED],
            Tone.OVER: [proposal.DECLINED],
        },
    )
give_tones(
    BatchActKind,
    {
        Tone.MOVING: [BatchActKind.RETRIED],
        Tone.ATTENTION: [BatchActKind.SET_ASIDE, BatchActKind.QUARANTINED],
    },
)
give_tones(
    Resolution,
    {Tone.DONE: [Resolution.ENTERED, Resolution.UNLINKED], Tone.OVER: [Resolution.SUPERSEDED]},
)
give_tones(InboxOutcome, {Tone.DONE: [InboxOutcome.HANDLED], Tone.ATTENTION: [InboxOutcome.SET_ASIDE]})
give_tones(
    StepState,
    {
        Tone.WAITING: [StepState.WAITS],
        Tone.MOVING: [StepState.NOW],
        Tone.DONE: [StepState.DONE],
        Tone.ATTENTION: [StepState.STOPPED],
    },
)
give_tones(Flag, {Tone.ATTENTION: Flag})
give_tones(BooksVerdict, {Tone.DONE: [BooksVerdict.HOLDS], Tone.LOST: [BooksVerdict.FAILED]})
give_tones(
    RunState,
    {
        Tone.MOVING: [RunState.BEING_MADE, RunState.SENDING],
        Tone.ATTENTION: [RunState.WAITS],
        Tone.DONE: [RunState.DONE],
        Tone.OVER: [RunState.SUPERSEDED],
    },
)
