import { basename } from 'node:path';

/** The part of V8's `.cpuprofile` that is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** A function with the time spent in itself, not in what it calls. */
export interface FunctionShare {
  readonly name: string;
  /** Of the time in which the main thread was busy. */
  readonly share: number;
}

export interface ProfileSummary {
  readonly busyMs: number;
  readonly top: readonly FunctionShare[];
}

/** Sums up the second half of a profile, when the code is compiled: self time by function, longest first. */
export function summariseProfile({ nodes, samples, timeDeltas }: CpuProfile, limit: number): ProfileSummary {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const half = timeDeltas.reduce((sum, delta) => sum + delta, 0) / 2;
  const byName = new Map<string, number>();
  let [atMicros, busyMicros] = [0, 0];
  samples.forEach((sample, index) => {
    const micros = timeDeltas[index] ?? 0;
    atMicros += micros;
    const name = names.get(sample) ?? '(unknown)';
    if (atMicros < half || name === '(idle)') return;
    busyMicros += micros;
    byName.set(name, (byName.get(name) ?? 0) + micros);
  });
  const top = [...byName].sort((left, right) => right[1] - left[1]).slice(0, limit);
  return {
    busyMs: Math.round(busyMicros / 1000),
    top: top.map(([name, micros]) => ({ name, share: micros / busyMicros })),
  };
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? 'anonymous' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}
