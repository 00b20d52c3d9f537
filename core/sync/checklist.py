"""The check list of a verification, written to its job line by line so that the page sees it tick."""

from core.domain.types import Job, JobStep, StepState
from core.ports import Storage

STEPS = ("clock", "signature", "permissions", "no_withdraw", "ip", "expiry", "identity", "balances")


class CheckList:
    """The steps of one job; every change is stored at once, in a transaction of its own."""

    def __init__(self, storage: Storage, job: Job) -> None:
        """Take over what earlier tries have ticked."""
        known = {step.code: step for step in job.steps}
        self._storage = storage
        self._job = job
        self._steps = {code: known.get(code, JobStep(code, StepState.WAITING)) for code in STEPS}

    @property
    def is_new(self) -> bool:
        """Tell whether nothing has been tried yet."""
        return all(step.state is StepState.WAITING for step in self._steps.values())

    def start(self, code: str, detail: str = "") -> None:
        """Show a step as running; `detail` is the error code of the try before, if there was one."""
        self._set(JobStep(code, StepState.RUNNING, detail))

    def tick(self, code: str, warning: str = "", *, detail: str = "") -> None:
        """Show a step as done, with a warning code if there is one."""
        state = StepState.WARNING if warning else StepState.OK
        self._set(JobStep(code, state, warning or detail))

    def fail(self, code: str, detail: str) -> None:
        """Show a step as failed."""
        self._set(JobStep(code, StepState.FAILED, detail))

    def _set(self, step: JobStep) -> None:
        if self._steps[step.code] == step:
            return
        self._steps[step.code] = step
        with self._storage.begin() as uow:
            uow.jobs.set_steps(self._job.id, tuple(self._steps.values()))
