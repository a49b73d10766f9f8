import { createServer } from 'node:net';

/*
 * Ports are taken below the range from which the system gives ports to outgoing connections (from 32768 on Linux, from
 * 49152 elsewhere). A broker that is restarted gets its port back only if nobody took it meanwhile, and a client that
 * tries to reconnect to a port in that range may even be connected to itself and block it.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;

/** Random ports of 127.0.0.1 on which nobody listens right now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count && attempt < 1000; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  if (ports.size < count) throw new Error(`no ${count} free ports between ${FIRST_PORT} and ${LAST_PORT}`);
  return [...ports];
}

/** True if nobody listens on this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
