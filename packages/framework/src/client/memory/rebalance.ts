import type { GroupMemberState, OwnershipChange } from './group-member.js';

/** How a group leads its members to an assignment. */
export interface Rebalance {
  /** Members came or went. */
  membersChanged(): void;
  /** A static member came back under a new member id: it takes over what the old one had. */
  replaced(before: GroupMemberState, after: GroupMemberState): void;
  /** The member is out of the group; its partitions are free. */
  removed(member: GroupMemberState): void;
  /** What the member has to be told next; it has answered everything before. */
  next(member: GroupMemberState): OwnershipChange | undefined;
  /** The member has answered the change that `next` gave. */
  answered(member: GroupMemberState, change: OwnershipChange): void;
  /** True when every member has what it is to have. */
  readonly isSettled: boolean;
}
