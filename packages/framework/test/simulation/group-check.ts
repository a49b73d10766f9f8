import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import type { SimulatedProcess } from './simulated-process.js';

export const GROUP = 'app';

/**
 * Why the group will still distribute its partitions again; undefined if it will not. Besides a rebalance under way: a
 * member that was killed, or a static one that has left, counts until its session is over, and then there is another.
 */
export function unsettledGroup(kafka: MemoryKafka, processes: readonly SimulatedProcess[]): string | undefined {
  const { state, members } = kafka.group(GROUP);
  const counted = members.map(({ clientId }) => clientId).sort();
  const up = processes.filter(({ isUp }) => isUp).map(({ identity }) => identity);
  if (counted.join() !== up.sort().join()) return `the group has members of ${counted.join()}, but ${up.join()} are up`;
  return state === 'stable' || up.length === 0 ? undefined : `the group is ${state}`;
}
