from sequences.models.enrollment import Addition, Enrollment, StepRun
from sequences.models.run import HeldStays, Run, Schedule, Wake
from sequences.models.sequence import SenderMode, Sequence, SequencePlan, SequenceShare, SequenceView, Status

__all__ = [
    "Addition",
    "Enrollment",
    "HeldStays",
    "Run",
    "Schedule",
    "SenderMode",
    "Sequence",
    "SequencePlan",
    "SequenceShare",
    "SequenceView",
    "Status",
    "StepRun",
    "Wake",
]
