/** Figures of a stretch of a run. CPU time is that of all threads of the process, the Kafka client's included. */
export interface Stretch {
  readonly records: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

export interface RunFigures {
  /** From the first record until the last output was acknowledged and the last offset committed. */
  readonly whole: Stretch;
  /** The same from the middle record on, when the code is compiled and the connections are warm. */
  readonly warm: Stretch;
  readonly maxRssMiB: number;
}

interface Mark {
  readonly records: number;
  readonly atMs: number;
  readonly cpuMicros: number;
}

/** Takes time and CPU at the first and at the middle record of a run, and at its end. */
export class Stopwatch {
  private seen = 0;
  private first: Mark | undefined;
  private middle: Mark | undefined;
  private nextMark = 1;

  /** @param onLast called when the last record is seen */
  constructor(
    private readonly expected: number,
    private readonly onLast: () => void = () => undefined,
  ) {}

  /** Counts one record. Cheap: one comparison but for three records of a run. */
  count(): void {
    if (++this.seen === this.nextMark) this.takeMark();
  }

  get records(): number {
    return this.seen;
  }

  get isComplete(): boolean {
    return this.seen >= this.expected;
  }

  /** Ends the run; call it when everything is flushed and committed. */
  finish(): RunFigures {
    const end = mark(this.seen);
    if (this.first === undefined || this.middle === undefined) {
      throw new Error(`The run ended after ${this.seen} of ${this.expected} records: nothing to measure.`);
    }
    return {
      whole: stretch(this.first, end),
      warm: stretch(this.middle, end),
      maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    };
  }

  private takeMark(): void {
    if (this.seen === this.expected) {
      this.nextMark = Number.POSITIVE_INFINITY;
      this.onLast();
      return;
    }
    // The mark is taken before the record it names is processed.
    const taken = mark(this.seen - 1);
    if (this.first === undefined) {
      this.first = taken;
      this.nextMark = Math.floor(this.expected / 2) + 1;
    } else {
      this.middle = taken;
      this.nextMark = this.expected;
    }
  }
}

function mark(records: number): Mark {
  const { user, system } = process.cpuUsage();
  return { records, atMs: performance.now(), cpuMicros: user + system };
}

function stretch(from: Mark, to: Mark): Stretch {
  const records = to.records - from.records;
  const seconds = (to.atMs - from.atMs) / 1000;
  return {
    records,
    seconds,
    recordsPerSecond: records / seconds,
    cpuMicrosPerRecord: (to.cpuMicros - from.cpuMicros) / records,
  };
}
