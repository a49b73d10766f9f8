import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Java } from './java.js';
import { runJavaTool } from './java-process.js';

/** A self-made certificate authority, and a broker certificate for `localhost` and `127.0.0.1` signed by it. */
export interface TlsFiles {
  /** PEM text of the authority, which clients must trust. */
  readonly ca: string;
  /** File with {@link ca}. */
  readonly caFile: string;
  /** PKCS #12 file with the broker's key and chain. */
  readonly keystore: string;
  readonly keystorePassword: string;
}

/** It guards throw-away keys of test brokers that listen on the loopback address only. */
const PASSWORD = 'local-kafka';

/**
 * Makes the files with keytool, which every Java runtime has; those already in `directory` are used again.
 *
 * @throws LocalKafkaError `CERTIFICATE_FAILED` with keytool's output
 */
export async function createTlsFiles(java: Java, directory: string): Promise<TlsFiles> {
  await mkdir(directory, { recursive: true });
  const caFile = join(directory, 'ca.pem');
  const keystore = join(directory, 'broker.p12');
  const files = async (): Promise<TlsFiles> => {
    return { ca: await readFile(caFile, 'utf8'), caFile, keystore, keystorePassword: PASSWORD };
  };
  if ((await readFile(caFile).catch(() => undefined)) !== undefined) return files();

  const keytool = java.command === 'java' ? 'keytool' : join(dirname(java.command), 'keytool');
  const run = (...args: string[]): Promise<string> =>
    runJavaTool(keytool, [...args, '-storepass', PASSWORD, '-noprompt'], 'CERTIFICATE_FAILED');
  const caStore = join(directory, 'ca.p12');
  const requestFile = join(directory, 'broker.csr');
  const certificateFile = join(directory, 'broker.pem');
  const unsignedCa = join(directory, 'ca.pem.new');
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650', '-storetype', 'PKCS12'];
  await Promise.all([
    run(
      '-genkeypair',
      '-alias',
      'ca',
      '-dname',
      'CN=Millrace local Kafka CA',
      '-ext',
      'bc:c',
      ...key,
      '-keystore',
      caStore,
    ),
    run('-genkeypair', '-alias', 'broker', '-dname', 'CN=localhost', ...key, '-keystore', keystore),
  ]);
  await run('-exportcert', '-rfc', '-alias', 'ca', '-keystore', caStore, '-file', unsignedCa);
  await run('-certreq', '-alias', 'broker', '-keystore', keystore, '-file', requestFile);
  const names = ['-ext', 'san=dns:localhost,ip:127.0.0.1', '-validity', '3650'];
  await run(
    '-gencert',
    '-rfc',
    '-alias',
    'ca',
    '-keystore',
    caStore,
    ...names,
    '-infile',
    requestFile,
    '-outfile',
    certificateFile,
  );
  await run('-importcert', '-alias', 'ca', '-keystore', keystore, '-file', unsignedCa);
  await run('-importcert', '-alias', 'broker', '-keystore', keystore, '-file', certificateFile);
  // Last and in one step: its presence says that all is there.
  await rename(unsignedCa, caFile);
  return files();
}
