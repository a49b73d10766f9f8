import assert from 'node:assert/strict';
import {
  ConfigError,
  ContainerModule,
  inject,
  injectable,
  SERVICE_CLOCK,
  SERVICE_LOGGER,
  serdes,
  serviceTopology,
  StreamHandler,
  StreamService,
  TopologyError,
  type Clock,
  type Logger,
  type Newable,
  type Provider,
} from '../../dist/index.js';
import { TopologyTestDriver } from '../../dist/testing/topology-test-driver.js';

const GREETING = Symbol('greeting');
const NAMES = Symbol('names');

@injectable()
class Greeter {
  constructor(@inject(GREETING) readonly greeting: string) {}

  greet(name: string): string {
    return `${this.greeting}, ${name}`;
  }
}

/** Providers of the running test. */
const providers: Provider[] = [];

@StreamService({ applicationId: 'greetings', providers })
class Greetings {
  constructor(@inject(Greeter) private readonly greeter: Greeter) {}

  @StreamHandler({ from: 'names', to: 'greetings', valueSerde: serdes.string })
  greet(name: string): string {
    return this.greeter.greet(name);
  }
}

async function greet(service: Newable<object>, overrides: readonly Provider[] = []): Promise<string | null> {
  const driver = new TopologyTestDriver(await serviceTopology(service, { providers: overrides }));
  try {
    await driver.createInputTopic('names', serdes.bytes, serdes.string).pipe(null, 'Ada');
    return driver.createOutputTopic('greetings', serdes.bytes, serdes.string).read().value;
  } finally {
    driver.close();
  }
}

describe('constructor injection', () => {
  beforeEach(() => {
    providers.length = 0;
    providers.push(Greeter, { provide: GREETING, useValue: 'Hello' });
  });

  it('should inject classes and values by token', async () => {
    assert.equal(await greet(Greetings), 'Hello, Ada');
  });

  it('should let later providers replace earlier ones', async () => {
    assert.equal(await greet(Greetings, [{ provide: GREETING, useValue: 'Bonjour' }]), 'Bonjour, Ada');
    @injectable()
    class Loud {
      greet(name: string): string {
        return name.toUpperCase();
      }
    }
    assert.equal(await greet(Greetings, [{ provide: Greeter, useClass: Loud }]), 'ADA');
  });

  it('should await factories, and inject into them', async () => {
    providers.push(
      { provide: NAMES, useFactory: () => Promise.resolve(['Hi', 'there']) },
      { provide: GREETING, useFactory: (names: string[]) => names.join(' '), inject: [NAMES] },
    );
    assert.equal(await greet(Greetings), 'Hi there, Ada');
  });

  it('should load modules of inversify', async () => {
    providers.push(
      new ContainerModule(async ({ rebind }) => {
        (await Promise.resolve(rebind<string>(GREETING))).toConstantValue('Ciao');
      }),
    );
    assert.equal(await greet(Greetings), 'Ciao, Ada');
  });

  it('should make one instance per process of what several ask for', async () => {
    let made = 0;
    @injectable()
    class First {
      constructor(@inject(NAMES) readonly names: object) {}
    }
    @StreamService({
      applicationId: 'x',
      providers: [First, { provide: NAMES, useFactory: () => ({ made: (made += 1) }) }],
    })
    class Several {
      constructor(@inject(First) first: First, @inject(NAMES) names: object) {
        assert.equal(first.names, names);
      }

      @StreamHandler({ from: 'in', valueSerde: serdes.string })
      handle(): void {}
    }
    await serviceTopology(Several);
    assert.equal(made, 1);
  });

  it("should provide the service's logger and clock", async () => {
    let got: readonly [Logger, Clock] | undefined;
    @StreamService({ applicationId: 'x' })
    class Asking {
      constructor(@inject(SERVICE_LOGGER) logger: Logger, @inject(SERVICE_CLOCK) clock: Clock) {
        got = [logger, clock];
      }

      @StreamHandler({ from: 'in', valueSerde: serdes.string })
      handle(): void {}
    }
    await serviceTopology(Asking);
    assert.equal(typeof got?.[0].child, 'function');
    assert.equal(typeof got?.[1].monotonicMs(), 'number');
  });

  it('should say what is missing if a token has no provider', async () => {
    providers.length = 1;
    await assert.rejects(
      serviceTopology(Greetings),
      (error) =>
        error instanceof TopologyError &&
        error.code === 'INVALID_SERVICE' &&
        /^Cannot create Greetings: .*greeting[^]*a provider in @StreamService's 'providers'\.$/.test(error.message),
    );
  });

  it('should let errors of constructors and factories through', async () => {
    const failure = new Error('database is down');
    providers.push({ provide: GREETING, useFactory: () => Promise.reject(failure) });
    await assert.rejects(serviceTopology(Greetings), (error) => error === failure);
  });

  it('should refuse providers of no known form', async () => {
    providers.push({ provide: GREETING, value: 1 } as unknown as Provider);
    await assert.rejects(
      serviceTopology(Greetings),
      (error) => error instanceof ConfigError && /Symbol\(greeting\) has none of them/.test(error.message),
    );
  });
});
