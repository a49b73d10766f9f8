import { KafkaError } from '../../errors/errors.js';

/** The error of a broker that does not accept these settings: no later attempt would fare better. */
export function refused(server: string, reason: string, kafkaCode: string, cause?: unknown): KafkaError {
  return new KafkaError('AUTHENTICATION_FAILED', `Kafka broker ${server} refuses this client: ${reason}`, {
    kafkaCode,
    isFatal: true,
    cause,
  });
}

/** The error of a TLS handshake that failed. */
export function tlsFailure(server: string, error: NodeJS.ErrnoException): KafkaError {
  const isPlaintext = ['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ECONNRESET'].includes(error.code ?? '');
  const advice = isPlaintext
    ? 'Is this port a plaintext listener? Then leave tls out.'
    : "Check tls.ca, tls.cert and tls.key, and that the broker's certificate names this host.";
  return refused(server, `TLS failed: ${error.message}. ${advice}`, '_SSL', error);
}

/**
 * Was it the TLS handshake that failed, or the network below it?
 *
 * @param isConnected whether the TCP connection stood: a plaintext listener of Kafka closes it when it reads a TLS greeting
 */
export function isTlsFailure(error: NodeJS.ErrnoException, isConnected: boolean): boolean {
  return error.code === 'ECONNRESET' ? isConnected : error.syscall === undefined && error.code !== undefined;
}

/** What an error of a socket says. Node leaves the message empty when each address of a host has failed. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** No server answered in the time allowed. */
export function unreachable(reasons: readonly string[], timeoutMs: number): KafkaError {
  return new KafkaError(
    'BROKER_UNREACHABLE',
    `No Kafka broker answered within ${String(timeoutMs)} ms (${reasons.join('; ')}). Check that the brokers run, and ` +
      'that bootstrapServers is the host and port of one of their listeners as seen from this host.',
    { kafkaCode: '_TRANSPORT', isRetriable: true },
  );
}
