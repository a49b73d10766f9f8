import { IllegalStateError } from '../errors/errors.js';
import type {
  Cancellable,
  CapturedInput,
  ProcessorContext,
  PunctuationType,
  Punctuator,
  RecordMetadata,
  TaskId,
} from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import type { PunctuationQueue } from './punctuation-queue.js';
import { forwardTo, ProcessorTaskNode, SinkTaskNode, type TaskNode } from './task-node.js';
import type { TaskServices } from './task-services.js';

export interface ProcessorTopologyDeps {
  readonly applicationId: string;
  readonly taskId: TaskId;
  readonly topicName: (name: string) => string;
  readonly services: TaskServices;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly punctuation: Readonly<Record<PunctuationType, PunctuationQueue>>;
  readonly streamTimeMs: () => number;
  readonly requestCommit: () => void;
  /** A store by name. @throws StateStoreError `STORE_NOT_FOUND` if the node may not use it */
  readonly store: (node: string, name: string) => StateStore;
}

type Step = StreamRecord<unknown, unknown>;

/** The processors of one task, wired. */
export interface ProcessorTopology {
  /** Entry of each source node, by its name. */
  readonly sources: ReadonlyMap<string, (record: Step) => void | Promise<void>>;
  /** Nodes with work of their own to finish before a commit, parents first. */
  readonly asynchronous: readonly ProcessorTaskNode[];
  initialize(): Promise<void>;
  close(): void;
}

/** Makes a processor of each node and connects them. */
export function buildProcessorTopology(subtopology: Subtopology, deps: ProcessorTopologyDeps): ProcessorTopology {
  const children = new Map<string, TaskNode[]>();
  const sources = new Map<string, (record: Step) => void | Promise<void>>();
  const processors: { readonly node: ProcessorTaskNode; readonly context: NodeContext }[] = [];
  const adopt = (parents: readonly string[], node: TaskNode): void => {
    for (const parent of parents) children.get(parent)?.push(node);
  };
  for (const node of subtopology.nodes) {
    const own: TaskNode[] = [];
    children.set(node.name, own);
    switch (node.kind) {
      case 'source':
        sources.set(node.name, (record) => forwardTo(own, record));
        break;
      case 'processor': {
        const task = new ProcessorTaskNode(node, node.supplier(), deps.services);
        processors.push({ node: task, context: new NodeContext(task, own, deps) });
        adopt(node.parents, task);
        break;
      }
      case 'sink': {
        const topic = typeof node.topic === 'string' ? deps.topicName(node.topic) : undefined;
        adopt(node.parents, new SinkTaskNode(node, topic, deps.services));
        break;
      }
    }
  }
  return {
    sources,
    asynchronous: processors
      .map(({ node }) => node)
      .filter(({ processor }) => processor.drain !== undefined || processor.forwardReady !== undefined),
    async initialize() {
      for (const { node, context } of processors) await node.processor.init?.(context);
    },
    close() {
      for (const { node } of processors) {
        try {
          node.processor.close?.();
        } catch (error) {
          deps.logger.warn({ err: error, node: node.name }, 'A processor failed to close');
        }
      }
    },
  };
}

/** A processor's view of its task. */
class NodeContext implements ProcessorContext {
  readonly applicationId: string;
  readonly taskId: TaskId;
  readonly nodeName: string;
  readonly logger: Logger;

  constructor(
    private readonly node: ProcessorTaskNode,
    private readonly children: readonly TaskNode[],
    private readonly deps: ProcessorTopologyDeps,
  ) {
    this.applicationId = deps.applicationId;
    this.taskId = deps.taskId;
    this.nodeName = node.name;
    this.logger = deps.logger.child({ node: node.name });
  }

  forward(record: Step, childName?: string): void | Promise<void> {
    if (childName === undefined) {
      const only = this.children.length === 1 ? this.children[0] : undefined;
      return only === undefined ? forwardTo(this.children, record) : only.process(record);
    }
    const child = this.children.find(({ name }) => name === childName);
    if (child === undefined) {
      const names = this.children.map(({ name }) => name).join(', ') || 'none';
      throw new IllegalStateError(
        `${this.nodeName} has no child '${childName}' to forward to. Its children: ${names}.`,
      );
    }
    return child.process(record);
  }

  captureInput(): CapturedInput | undefined {
    return this.deps.services.keepInput();
  }

  withInput(input: CapturedInput | undefined, action: () => void | Promise<void>): void | Promise<void> {
    return this.deps.services.withInput(input, action);
  }

  recordMetadata(): RecordMetadata | undefined {
    return this.deps.services.recordMetadata();
  }

  schedule(intervalMs: number, type: PunctuationType, punctuator: Punctuator): Cancellable {
    if (!Number.isFinite(intervalMs) || intervalMs < 1) {
      throw new IllegalStateError(
        `A punctuator's interval must be at least 1 ms, not ${intervalMs} (${this.nodeName}).`,
      );
    }
    // Stream time starts on the grid from 0, so the first record fires; the wall clock starts now (StreamTask.java).
    const first = type === 'stream-time' ? 0 : this.deps.clock.now() + intervalMs;
    return this.deps.punctuation[type].schedule(first, intervalMs, (timestamp) =>
      this.node.punctuate(punctuator, timestamp),
    );
  }

  getStateStore<S extends StateStore>(name: string): S {
    return this.deps.store(this.nodeName, name) as S;
  }

  skipRecord(reason: string): void {
    this.deps.services.skipped(this.nodeName, reason);
  }

  commit(): void {
    this.deps.requestCommit();
  }

  currentStreamTimeMs(): number {
    return this.deps.streamTimeMs();
  }

  currentSystemTimeMs(): number {
    return this.deps.clock.now();
  }
}
