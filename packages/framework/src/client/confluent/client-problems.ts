import type { KafkaError } from '../../errors/errors.js';
import type { Logger } from '../../telemetry/logger.js';
import { ProblemLog } from '../connection/problem-log.js';
import { NativeCode, toKafkaError } from './error-codes.js';

/** A line of the native client's log. Severity as in syslog: 3 error, 4 warning. */
export interface LogEvent {
  readonly severity: number;
  readonly fac: string;
  readonly message: string;
}

/**
 * Listens to what the native client logs and reports by the way: the reason of a lost connection stands only there. A
 * refused login or certificate is recognised at once; the native client itself would try again for ever.
 */
export class ClientProblems {
  /** The last problem with a connection, as the native client put it. */
  last: string | undefined;
  /** Why the native client has failed for good; it answers every later call with `_FATAL` alone. */
  fatal: KafkaError | undefined;
  /** Set when the broker has refused the credentials or the TLS handshake has failed. */
  authFailure: KafkaError | undefined;
  private readonly log: ProblemLog;

  constructor(
    private readonly name: string,
    logger: Logger | undefined,
    private readonly onAuthFailure: (error: KafkaError) => void,
  ) {
    this.log = new ProblemLog(logger);
  }

  onLog({ severity, fac, message }: LogEvent): void {
    if (severity > 4) return;
    const text = message.replace(/^\[thrd:[^\]]*\]: /, '');
    if (fac === 'FAIL' || fac === 'ERROR') this.last = text;
    if (fac === 'FATAL')
      this.fatal ??= toKafkaError(
        { code: fatalCode(text), message: text, isFatal: true },
        `The ${this.name} has failed`,
      );
    if (/SASL authentication error/i.test(text)) this.refuse(NativeCode.authentication, text);
    else if (/SSL handshake failed|certificate verify failed/i.test(text)) this.refuse(NativeCode.ssl, text);
    this.log.warn(fac, { client: this.name, facility: fac }, text);
  }

  /** An error event; the addon passes on its text only. */
  onError(message: string): void {
    if (/authentication failure/i.test(message)) this.refuse(NativeCode.authentication, message);
    else if (/ssl error/i.test(message)) this.refuse(NativeCode.ssl, message);
  }

  /** No token to log in with. The native client asks again every ten seconds, and goes on with the one it has. */
  onTokenFailure(message: string): void {
    this.last = message;
    this.log.warn('TOKEN', { client: this.name }, message);
  }

  private refuse(code: number, message: string): void {
    if (this.authFailure !== undefined) return;
    this.authFailure = toKafkaError({ code, message }, `Kafka refuses the ${this.name}`);
    this.onAuthFailure(this.authFailure);
  }
}

/** The number of the error that the log names in words. */
function fatalCode(text: string): number {
  if (/topic authorization failed/i.test(text)) return NativeCode.topicAuthorizationFailed;
  if (/authorization failed/i.test(text)) return NativeCode.clusterAuthorizationFailed;
  if (/instance ID is still used/i.test(text)) return NativeCode.unreleasedInstanceId;
  if (/group\.instance\.id/i.test(text)) return NativeCode.fencedInstanceId;
  if (/group id does not exist/i.test(text)) return NativeCode.groupIdNotFound;
  if (/fenced|producer epoch/i.test(text)) return NativeCode.fenced;
  return NativeCode.fatal;
}
