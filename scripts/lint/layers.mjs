// Which folder of packages/framework/src may import which. Lint enforces it; docs/architecture.md explains it.

const BASE = ['errors'];
const DATA = [...BASE, 'client', 'serde', 'time', 'telemetry'];

/** Folder -> folders it may import, besides itself. A folder that is missing here may import nothing. */
export const layers = {
  errors: [],
  time: BASE,
  telemetry: [...BASE, 'time'],
  client: [...BASE, 'time', 'telemetry'],
  serde: [...BASE, 'client'],
  state: [...DATA, 'processor'],
  processor: [...DATA, 'state'],
  topology: [...DATA, 'processor', 'state'],
  operators: [...DATA, 'processor', 'topology', 'state'],
  dsl: [...DATA, 'processor', 'topology', 'operators', 'state'],
  runtime: [...DATA, 'processor', 'topology', 'state'],
  service: [...DATA, 'processor', 'topology', 'operators', 'dsl', 'state', 'runtime'],
  testing: [...DATA, 'processor', 'topology', 'operators', 'dsl', 'state', 'runtime', 'service'],
};

/** Packages that only one folder may import. The pattern is for the package name and what lies below it. */
export const packageHomes = [
  { package: '@confluentinc/kafka-javascript', home: 'client/confluent' },
  { package: '@platformatic/kafka', home: 'client/wire' },
  { package: '@opentelemetry/', home: 'telemetry' },
  { package: 'pino', home: 'telemetry' },
  { package: 'inversify', home: 'service' },
  { package: 'reflect-metadata', home: 'service' },
  { package: 'avsc', home: 'serde' },
  { package: 'lmdb', home: 'state' },
  { package: 'testcontainers', home: 'testing' },
  { package: '@millrace/local-kafka', home: 'testing' },
];
