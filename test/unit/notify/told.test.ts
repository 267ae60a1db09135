import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/schema.js';
import { StillpointError } from '../../../src/errors.js';
import type { Outcome } from '../../../src/notify/outcome.js';
import { told, type ToldOptions } from '../../../src/told.js';
import { waitFor } from '../../../src/util/wait.js';
import { closedPort, listen } from '../../support/listener.js';
import { notifying } from '../../support/notifying.js';
import { sampleProof, sampleRecord } from '../../support/outcomes.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-told-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const token = '0c8983c9-9d73-446f-adb5-0641fdacc9d4';

const configWith = (notify: object, pairs?: Record<string, object>): Config =>
  notifying(folder, notify, pairs);

/** Tells of a backup whose run is `body`; with the warnings of it. */
async function tell<T>(
  config: Config,
  body: () => Promise<T>,
  options: Partial<ToldOptions> = {},
): Promise<{ value: T | undefined; error: unknown; warnings: string[] }> {
  const warnings: string[] = [];
  const given = {
    action: 'backup',
    warn: (text: string) => warnings.push(text),
    ...options,
  } as const;
  let value: T | undefined;
  let error: unknown;
  try {
    value = await told(config, given, async (observe) => {
      await observe({ type: 'step', step: 'preflight' });
      await observe({ type: 'step', step: given.action === 'drill' ? 'download' : 'gate' });
      return await body();
    });
  } catch (thrown) {
    error = thrown;
  }
  return { value, error, warnings };
}

const well = () => Promise.resolve(sampleRecord);
const badly = () =>
  Promise.reject(new StillpointError('refused', 'it lags', { hint: 'Wait a while.' }));
const locked = () => Promise.reject(new StillpointError('locked', 'another run'));

describe('the heartbeat', () => {
  test('is called at the start and after success, with the id of the run', async () => {
    const check = await listen();
    const { value, warnings } = await tell(
      configWith({ heartbeat: `${check.url}/${token}/?create=1` }),
      () => {
        // The start has arrived before anything is paused.
        expect(check.heard).toHaveLength(1);
        return well();
      },
    );
    expect(value).toBe(sampleRecord);
    expect(warnings).toEqual([]);
    const [start, end] = check.heard.map(({ path }) => new URL(path, check.url));
    expect(start!.pathname).toBe(`/${token}/start`);
    expect(end!.pathname).toBe(`/${token}`);
    expect(start!.search).toMatch(/^\?create=1&rid=[0-9a-f-]{36}$/);
    expect(end!.search).toBe(start!.search);
    expect(check.heard.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('is called with the log after a failure, which stays what it was', async () => {
    const check = await listen();
    const { error } = await tell(configWith({ heartbeat: `${check.url}/${token}` }), badly);
    expect(error).toMatchObject({ code: 'refused', message: 'it lags' });
    const end = check.heard.at(-1)!;
    expect(end.method).toBe('POST');
    expect(end.path).toContain(`/${token}/fail?rid=`);
    expect(end.body).toMatch(
      /^\d\d:\d\d:\d\d step preflight\n.* step gate\n.* refused: it lags\n.* hint: Wait a while\.\n$/,
    );
  });

  test('of backups is not called by a drill', async () => {
    const check = await listen();
    const drilled = () => Promise.resolve(sampleProof);
    const drill = { action: 'drill' } as const;
    await tell(configWith({ heartbeat: check.url }), drilled, drill);
    expect(check.heard).toEqual([]);
    const own = { backup: `${check.url}/b`, drill: `${check.url}/d` };
    await tell(configWith({ heartbeat: own }), drilled, drill);
    expect(check.heard.map(({ path }) => path.replace(/\?.*/, ''))).toEqual(['/d/start', '/d']);
  });

  test('may have pair and action in its URL', async () => {
    const check = await listen();
    const config = configWith({ heartbeat: `${check.url}/{pair}-{action}` }, { shop: {}, web: {} });
    const { warnings } = await tell(config, well, { pair: 'web', action: 'drill' });
    expect(warnings).toEqual([]);
    expect(check.heard[1]!.path).toMatch(/^\/web-drill\?/);
  });

  test('that several pairs share is warned of; one of the pair wins', async () => {
    const [all, own] = [await listen(), await listen()];
    const config = configWith(
      { heartbeat: all.url },
      { shop: {}, web: { notify: { heartbeat: own.url } } },
    );
    const shared = await tell(config, well, { pair: 'shop' });
    expect(shared.warnings).toEqual([expect.stringContaining('one check for 2 pairs')]);
    expect((await tell(config, well, { pair: 'web' })).warnings).toEqual([]);
    expect([all.heard.length, own.heard.length]).toEqual([2, 2]);
  });

  test('and the metrics pass over a run that another one kept out', async () => {
    const [check, hook] = [await listen(), await listen()];
    const metricsFile = join(folder, 'm.prom');
    const config = configWith({ heartbeat: check.url, webhook: hook.url, metricsFile });
    const warnings: string[] = [];
    const options = { action: 'backup', warn: (text: string) => warnings.push(text) } as const;
    await expect(told(config, options, locked)).rejects.toMatchObject({ code: 'locked' });
    expect(check.heard).toEqual([]);
    expect(JSON.parse(hook.heard[0]!.body)).toMatchObject({ status: 'skipped', exit: 11 });
    await expect(readFile(metricsFile)).rejects.toThrow('ENOENT');
    expect(warnings).toEqual([]);
  });
});

describe('the webhook', () => {
  test('gets the result document', async () => {
    const hook = await listen();
    await writeFile(join(folder, 'key'), 'Bearer abc\n', { mode: 0o600 });
    const webhook = { url: hook.url, headers: { Authorization: { file: 'key' }, 'X-Team': 'dba' } };
    await tell(configWith({ webhook }), well);
    expect(hook.heard).toHaveLength(1);
    const { headers, body } = hook.heard[0]!;
    expect(headers).toMatchObject({
      authorization: 'Bearer abc',
      'x-team': 'dba',
      'content-type': 'application/json; charset=utf-8',
    });
    const document = JSON.parse(body) as Outcome;
    expect(document).toMatchObject({
      format: 1,
      event: 'backup.succeeded',
      action: 'backup',
      pair: 'shop',
      status: 'succeeded',
      exit: 0,
      error: null,
    });
    expect(document.record).toEqual(sampleRecord);
  });

  test('of failures only hears no success, and of a drill that found a fault', async () => {
    const hook = await listen();
    const config = configWith({ webhook: { url: hook.url, on: 'failure' } });
    await tell(config, well);
    expect(hook.heard).toEqual([]);
    const failed = { ...sampleProof, status: 'failed', reason: 'rows: two less' };
    const { value } = await tell(config, () => Promise.resolve(failed), { action: 'drill' });
    expect(value).toBe(failed);
    expect(JSON.parse(hook.heard[0]!.body)).toMatchObject({
      event: 'drill.failed',
      exit: 13,
      error: { code: 'verification', message: 'rows: two less', hint: null },
      record: { id: sampleProof.id },
    });
  });

  test('knows the pair from the record where the command does not', async () => {
    const hook = await listen();
    const config = configWith({}, { shop: { notify: { webhook: hook.url } }, web: {} });
    await tell(config, () => Promise.resolve(sampleProof), { action: 'drill' });
    expect(JSON.parse(hook.heard[0]!.body)).toMatchObject({ pair: 'shop' });
  });
});

describe('an endpoint that', () => {
  const run = async (answer: Parameters<typeof listen>[0], timeout = '30s') => {
    const hook = await listen(answer);
    const webhook = `${hook.url}/services/${token}`;
    const { value, warnings } = await tell(configWith({ webhook, timeout }), well);
    expect(value).toBe(sampleRecord);
    expect(warnings.join()).not.toContain(token);
    return { hook, warnings, host: new URL(hook.url).host };
  };

  test('hangs is left alone after the timeout', async () => {
    const { warnings, hook } = await run(() => 'hang', '300ms');
    expect(warnings).toEqual(['could not tell the webhook: it took longer than 0.3 s']);
    expect(
      await waitFor(() => Promise.resolve(hook.heard[0]!.endedAt), { within: 10 }),
    ).not.toBeNull();
  });

  test('begins to answer and never ends is left alone too', async () => {
    const { warnings } = await run(
      () => (response) => void response.writeHead(200).write('o'),
      '300ms',
    );
    expect(warnings).toEqual(['could not tell the webhook: it took longer than 0.3 s']);
  });

  test('answers 500 is tried three times', async () => {
    const { hook, warnings, host } = await run(() => 500);
    expect(warnings).toEqual([`could not tell the webhook: ${host} answered 500`]);
    expect(hook.heard).toHaveLength(3);
  });

  test('cuts the connection is tried again', async () => {
    let tries = 0;
    const { hook, warnings } = await run(() => ((tries += 1) === 1 ? 'reset' : 200));
    expect(warnings).toEqual([]);
    expect(hook.heard).toHaveLength(2);
  });

  test('refuses, or sends elsewhere, is not tried again', async () => {
    const { hook, warnings, host } = await run(() => 404);
    expect(warnings).toEqual([`could not tell the webhook: ${host} answered 404`]);
    expect(hook.heard).toHaveLength(1);
    const moved = await run(() => (response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    });
    expect(moved.warnings).toEqual([`could not tell the webhook: ${moved.host} answered 302`]);
  });

  test('is not there', async () => {
    const closed = await closedPort();
    const { warnings } = await tell(
      configWith({
        webhook: `http://me:${token}@127.0.0.1:${closed}/${token}`,
        heartbeat: `http://127.0.0.1:${closed}/${token}`,
      }),
      badly,
    );
    expect(warnings.toSorted()).toEqual([
      `could not tell the heartbeat that the run begins: 127.0.0.1:${closed} refused the connection`,
      `could not tell the heartbeat: 127.0.0.1:${closed} refused the connection`,
      `could not tell the webhook: 127.0.0.1:${closed} refused the connection`,
    ]);
  });

  test('does not know the check though it answers 200', async () => {
    const check = await listen(() => (response) => response.end('OK (not found)'));
    const { warnings } = await tell(configWith({ heartbeat: check.url }), well);
    expect(warnings[0]).toMatch(/127\.0\.0\.1:\d+ does not know this check$/);
  });
});

describe('a URL', () => {
  test('may come from a private file or the environment', async () => {
    const hook = await listen();
    await writeFile(join(folder, 'url'), `${hook.url}/${token}\n`, { mode: 0o600 });
    const config = configWith({ webhook: { urlFile: 'url' } });
    await tell(config, well);
    expect(hook.heard[0]!.path).toBe(`/${token}`);

    await chmod(join(folder, 'url'), 0o644);
    const { value, warnings } = await tell(config, well);
    expect(value).toBe(sampleRecord);
    expect(warnings).toEqual([
      `could not tell the webhook: ${join(folder, 'url')} holds a URL and everybody can read it`,
    ]);
    const unset = await tell(configWith({ webhook: { urlEnv: 'STILLPOINT_NO_SUCH' } }), well);
    expect(unset.warnings[0]).toMatch(/environment variable STILLPOINT_NO_SUCH is not set$/);
  });

  test('with a user is sent as that user', async () => {
    const hook = await listen();
    await tell(configWith({ webhook: hook.url.replace('//', '//me:p%40ss@') }), well);
    const { authorization = '' } = hook.heard[0]!.headers;
    expect(Buffer.from(authorization.slice(6), 'base64').toString()).toBe('me:p@ss');
  });

  test('that is none is not shown', async () => {
    await writeFile(join(folder, 'url'), `hooks.example/${token}`, { mode: 0o600 });
    const { warnings } = await tell(configWith({ webhook: { urlFile: 'url' } }), well);
    expect(warnings).toEqual([
      'could not tell the webhook: what notify.webhook holds is no URL like https://…',
    ]);
  });
});

describe('the command', () => {
  const node = (script: string) => [process.execPath, '-e', script];

  test('gets the result document on its standard input', async () => {
    const out = join(folder, 'out');
    const script = `process.stdin.pipe(require('fs').createWriteStream(${JSON.stringify(out)}))`;
    const { warnings } = await tell(configWith({ command: node(script) }), badly);
    expect(warnings).toEqual([]);
    const document = JSON.parse(await readFile(out, 'utf8')) as Outcome;
    expect(document).toMatchObject({ event: 'backup.failed', exit: 10, record: null });
    expect(document.error).toEqual({ code: 'refused', message: 'it lags', hint: 'Wait a while.' });
    expect(document.log).toHaveLength(4);
  });

  test('that fails, is not there, or reads nothing', async () => {
    const fails = await tell(
      configWith({ command: node('console.error("no"); process.exit(3)') }),
      well,
    );
    expect(fails.warnings).toEqual([
      `could not tell the command ${process.execPath}: it ended with 3: no`,
    ]);
    const gone = await tell(configWith({ command: ['/no/such'] }), well);
    expect(gone.warnings[0]).toMatch(/^could not tell the command \/no\/such: cannot run/);
    expect((await tell(configWith({ command: node('0') }), well)).warnings).toEqual([]);
  });

  test('that hangs is ended, with what it has started', async () => {
    const file = join(folder, 'pid');
    // A shell, since it starts at once also on a busy machine.
    const command = ['sh', '-c', 'sleep 600 & echo $! > "$0"; wait', file];
    const { warnings } = await tell(configWith({ command, timeout: '2s' }), well);
    expect(warnings).toEqual(['could not tell the command sh: it took longer than 2 s']);
    const pid = Number(await readFile(file, 'utf8'));
    const isGone = async () => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
      return stat === null || stat.includes(' Z ') ? true : null;
    };
    expect(await waitFor(isGone, { within: 10 })).toBe(true);
  });
});
