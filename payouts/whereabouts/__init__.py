"""Where a payout's money is and what happens next, in words and in steps, for staff."""

from payouts.whereabouts.sentences import tell
from payouts.whereabouts.situation import Situation, situation_of
from payouts.whereabouts.steps import Step, StepState, steps_of

__all__ = ["Situation", "Step", "StepState", "situation_of", "steps_of", "tell"]
