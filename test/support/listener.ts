import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request that came in; times are milliseconds since 1970. */
export interface Heard {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  at: number;
  /** When it was answered or its connection ended; null while it is open. */
  endedAt: number | null;
}

/** What is done with a request: a status to answer with, nothing at all, or a cut connection. */
export type Answer = number | 'hang' | 'reset' | ((response: ServerResponse) => void);

export interface Listener {
  /** `http://127.0.0.1:port`. */
  url: string;
  heard: Heard[];
}

/** A real HTTP server on loopback that answers as told; it is closed when the test has ended. */
export async function listen(answer: (heard: Heard) => Answer = () => 200): Promise<Listener> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const one: Heard = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: '',
      at: Date.now(),
      endedAt: null,
    };
    heard.push(one);
    response.on('close', () => (one.endedAt = Date.now()));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      one.body = Buffer.concat(chunks).toString();
      const how = answer(one);
      if (how === 'hang') return;
      if (how === 'reset') request.socket.destroy();
      else if (typeof how === 'function') how(response);
      else response.writeHead(how).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, heard };
}

/** A port of loopback that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
