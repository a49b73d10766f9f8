/** What a measured process is told by the benchmark that started it. */
export interface Job {
  readonly bootstrapServers: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  /** Consumer group; fresh for each run. */
  readonly groupId: string;
  /** Records in the input topic; the run ends after them. */
  readonly records: number;
}

/** The same for both sides of the comparison. */
export const SETTINGS = {
  pollRecords: 1000,
  commitIntervalMs: 1000,
  lingerMs: 20,
  maxBufferedBytes: 64 * 1024 * 1024,
} as const;

/** Reads the job from the environment, runs it, and sends what it returns to the process that started this one. */
export async function runJob<Result, J = Job>(run: (job: J) => Promise<Result>): Promise<void> {
  const text = process.env['MILLRACE_BENCH_JOB'];
  if (text === undefined || process.send === undefined) {
    throw new Error('This file is a part of a benchmark and is started by it: npm run bench -- <name>');
  }
  // Without the benchmark that asked for it, nobody wants the result.
  const endWithParent = (): never => process.exit(1);
  process.once('disconnect', endWithParent);
  const result = await run(JSON.parse(text) as J);
  await new Promise<void>((resolve, reject) => {
    process.send?.(result, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  process.off('disconnect', endWithParent);
  process.disconnect();
}
