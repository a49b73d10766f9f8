import type { AclOperation, AclRule, KafkaUser } from './options.js';
import type { AclBinding } from './wire-client.js';

/* Numbers of org.apache.kafka.common.{acl.AclOperation,resource.ResourceType,resource.PatternType}. */
const RESOURCE_TYPES = { topic: 2, group: 3, cluster: 4, transactionalId: 5 } as const;
const PATTERN_TYPES = { literal: 3, prefixed: 4 } as const;
const OPERATIONS: Readonly<Record<AclOperation, number>> = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
};

/** The ACLs of all users, as the protocol wants them. */
export function aclBindings(users: readonly KafkaUser[]): AclBinding[] {
  return users.flatMap((user) => (user.acls ?? []).flatMap((rule) => ruleBindings(user.name, rule)));
}

function ruleBindings(user: string, rule: AclRule): AclBinding[] {
  return rule.operations.map((operation) => ({
    resourceType: RESOURCE_TYPES[rule.resource],
    resourceName: rule.name,
    patternType: PATTERN_TYPES[rule.pattern ?? 'literal'],
    principal: `User:${user}`,
    operation: OPERATIONS[operation],
  }));
}
