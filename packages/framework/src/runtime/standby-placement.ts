import { murmur2 } from '../topology/partitioner.js';

/** An instance that can hold standbys. */
export interface StandbyCandidate {
  readonly id: string;
  /** Instances that share a state directory cannot hold the state of one task twice. */
  readonly stateDirectory: string;
}

/**
 * Instances that hold a standby of a task, best first: those with the highest weight for it (rendezvous hashing, Thaler
 * and Ravishankar 1996), never its owner. All instances that know the same candidates choose alike, and when one comes
 * or goes only the standbys that it gets or had move.
 *
 * @param owner the instance that has the task
 * @param isPersistent whether the task keeps state in files; then standbys and owner have different state directories
 */
export function placeStandbys(
  taskId: string,
  owner: StandbyCandidate,
  candidates: readonly StandbyCandidate[],
  replicas: number,
  isPersistent: boolean,
): readonly string[] {
  const ranked = candidates
    .filter(({ id }) => id !== owner.id)
    .map((candidate) => ({ ...candidate, weight: murmur2(Buffer.from(`${taskId}/${candidate.id}`)) >>> 0 }))
    .sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1));
  const taken = new Set([owner.stateDirectory]);
  const chosen: string[] = [];
  for (const { id, stateDirectory } of ranked) {
    if (chosen.length >= replicas) break;
    if (isPersistent && taken.has(stateDirectory)) continue;
    taken.add(stateDirectory);
    chosen.push(id);
  }
  return chosen;
}
