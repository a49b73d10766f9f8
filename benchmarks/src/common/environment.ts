import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** Where figures were measured; committed beside them. */
export interface Environment {
  readonly takenAt: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  readonly v8: string;
  /** Version of Apache Kafka, or `unknown` for a cluster that was there already. */
  readonly kafka: string;
  /** Load average of the last 15 minutes at the end: above about 3 something else was running beside the benchmark. */
  readonly loadAverage: number;
}

export function describeEnvironment(kafka: string): Environment {
  const processors = cpus();
  return {
    takenAt: new Date().toISOString(),
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    os: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    kafka,
    loadAverage: Math.round((loadavg()[2] ?? 0) * 10) / 10,
  };
}
