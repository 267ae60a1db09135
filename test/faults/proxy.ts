import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';
import { afterAll, afterEach } from 'vitest';
import { operationOf } from './operation.js';

/** A request as rules see it: `operation` is S3's name of it, like `UploadPart`. */
export interface Seen {
  operation: string;
  method: string;
  url: URL;
}

/** An answer of ours: an S3 error, or nothing in it. */
interface Answer {
  status: number;
  code?: string;
}

/** What to do to requests that match. Applies `times` times (default: until cleared). */
export interface Rule {
  /** S3 operations it is for; all when left out. */
  on?: string | RegExp;
  /** Paths it is for; all when left out. */
  at?: RegExp;
  times?: number;
  /** Lets so many matching requests pass first. */
  after?: number;
  /** Answers in place of the service. */
  answer?: Answer;
  /** Breaks the connection when the request's body has so many bytes. */
  resetAfter?: number;
  /** Breaks the connection when the answer's body has so many bytes. */
  cutAfter?: number;
  /** Keeps the request, unanswered, until the rule is cleared. */
  stall?: boolean;
  /** Lets the service do it, then does this in place of its answer. */
  instead?: 'reset' | Answer;
  /** Changes the request on its way. */
  change?: (url: URL, headers: IncomingMessage['headers']) => void;
}

export interface Proxy {
  url: string;
  /** Everything that came, in order. */
  requests: Seen[];
  count(operation: string): number;
  fail(rule: Rule): void;
  /** Drops all rules and breaks what they held. */
  clear(): void;
  /** Closes the door: connections are refused until `listen`. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy on loopback before an S3 service, which misbehaves as its rules say. */
export async function startProxy(target: string): Promise<Proxy> {
  let rules: Rule[] = [];
  const held = new Set<ServerResponse>();
  const requests: Seen[] = [];

  const server = createServer((incoming, outgoing) => {
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    const url = new URL(incoming.url ?? '/', target);
    const { method = 'GET', headers } = incoming;
    const operation = operationOf(method, url, headers);
    requests.push({ operation, method, url });
    const rule = pick(rules, operation, url.pathname);
    if (rule?.stall) return void held.add(outgoing);
    if (rule?.answer) return void incoming.resume().on('end', () => answer(outgoing, rule.answer!));
    rule?.change?.(url, headers);
    const { socket } = incoming;
    const forward = request(url, { method, headers }, (response) => {
      const { instead } = rule ?? {};
      if (instead === 'reset') response.resume().on('end', () => socket.destroy());
      else if (instead) response.resume().on('end', () => answer(outgoing, instead));
      else {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.on('error', () => socket.destroy());
        response.pipe(breaking(socket, rule?.cutAfter)).pipe(outgoing);
      }
    });
    forward.on('error', () => socket.destroy());
    outgoing.on('close', () => forward.destroy());
    incoming.pipe(breaking(socket, rule?.resetAfter)).pipe(forward);
  });

  const listen = (port: number): Promise<void> =>
    new Promise((done) => void server.listen(port, '127.0.0.1', done));
  const shut = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    count: (operation) => requests.filter((seen) => seen.operation === operation).length,
    fail: (rule) => void rules.push({ ...rule }),
    clear() {
      rules = [];
      requests.length = 0;
      for (const response of held) response.destroy();
      held.clear();
    },
    refuse: shut,
    listen: () => listen(port),
    close: () => (server.listening ? shut() : Promise.resolve()),
  };
}

function pick(rules: Rule[], operation: string, path: string): Rule | undefined {
  for (const rule of rules) {
    const { on = /./, at = /^/, times = 1, after = 0 } = rule;
    if (!at.test(path)) continue;
    if (times === 0 || !(typeof on === 'string' ? on === operation : on.test(operation))) continue;
    if (after > 0) rule.after = after - 1;
    else {
      if (rule.times !== undefined) rule.times--;
      return rule;
    }
  }
  return undefined;
}

/** Passes on what it is given; at so many bytes it breaks the connection. */
function breaking(socket: Socket, at = Infinity): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen >= at) socket.destroySoon();
      else done(null, chunk);
    },
  });
}

function answer(outgoing: ServerResponse, { status, code }: Answer): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml' });
  outgoing.end(code && `<Error><Code>${code}</Code><Message>told to</Message></Error>`);
}

/** One for all tests of a file; what it was told to do ends with each of them. */
export async function proxyForFile(endpoint: string): Promise<Proxy> {
  const proxy = await startProxy(endpoint);
  afterEach(() => proxy.clear());
  afterAll(() => proxy.close());
  return proxy;
}
