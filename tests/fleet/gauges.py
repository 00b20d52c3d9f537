"""What processes use over time: CPU, memory, threads, descriptors, and how fast memory grows."""

import statistics
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a group of processes: sums over all of them. CPU in seconds, memory in bytes (proportional share)."""

    at: float
    cpu: float
    memory: int
    threads: int
    files: int


@dataclass(slots=True)
class Gauge:
    """A process (with its children, where asked for) and what was seen of it."""

    process: psutil.Process
    with_children: bool = False
    samples: list[Sample] = field(default_factory=list)
    _ended: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Take one sample; a process that has ended leaves only the CPU it used."""
        family = [self.process, *(self.process.children(recursive=True) if self.with_children else ())]
        memory = threads = files = 0
        for member in family:
            try:
                with member.oneshot():
                    times, share = member.cpu_times(), member.memory_full_info().pss
                    threads += member.num_threads()
                    files += member.num_fds()
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            memory += share
            self._ended[member.pid] = times.user + times.system
        self.samples.append(Sample(time.monotonic(), sum(self._ended.values()), memory, threads, files))

    def since(self, at: float) -> "Span":
        """Return what was seen from a moment (monotonic) on."""
        return Span([sample for sample in self.samples if sample.at >= at])


@dataclass(frozen=True, slots=True)
class Span:
    """Samples of a stretch of time."""

    samples: Sequence[Sample]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples[-1].at - self.samples[0].at if self.samples else 0.0

    @property
    def cpu_seconds(self) -> float:
        """CPU used in it."""
        return self.samples[-1].cpu - self.samples[0].cpu if self.samples else 0.0

    @property
    def cores(self) -> float:
        """CPU seconds in a second."""
        return self.cpu_seconds / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_hour(self) -> float:
        """How memory grows, by a line through all samples."""
        if len(self.samples) < 3:
            return 0.0
        line = statistics.linear_regression([s.at for s in self.samples], [float(s.memory) for s in self.samples])
        return line.slope * 3600

    @property
    def megabytes(self) -> float:
        """Memory at its end."""
        return self.samples[-1].memory / 2**20 if self.samples else 0.0

    def range_of(self, name: str) -> tuple[int, int]:
        """Return the least and the most of a figure (threads, files)."""
        values = [int(getattr(sample, name)) for sample in self.samples]
        return (min(values), max(values)) if values else (0, 0)


def look_all(gauges: Mapping[str, Gauge]) -> None:
    """Take one sample of each."""
    for gauge in gauges.values():
        gauge.look()


def percentile(values: Collection[float], share: float) -> float:
    """Return the value that this share of them does not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
