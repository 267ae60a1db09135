import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkNotify } from '../../../src/notify/check.js';
import type { Finding } from '../../../src/pair/checks.js';
import { closedPort, listen } from '../../support/listener.js';
import { notifying } from '../../support/notifying.js';
import { ownFolder } from '../util/folder.js';

const token = '0c8983c9-9d73-446f-adb5-0641fdacc9d4';

const like = (pattern: RegExp) => expect.stringMatching(pattern) as string;

async function look(notify: object, pairs?: Record<string, object>): Promise<Finding[]> {
  return await checkNotify(notifying(await ownFolder(), notify, pairs), 'shop');
}

describe('who is told', () => {
  test('nobody, or only of what runs: a warning', async () => {
    expect(await look({})).toMatchObject([
      {
        name: 'notify',
        status: 'warn',
        detail: 'nobody is told how a run ended, or that none came',
      },
    ]);
    expect(await look({ command: [process.execPath] })).toMatchObject([
      { name: 'notify', status: 'warn', detail: like(/nobody would hear that no backup came/) },
      { name: 'notify: command', status: 'ok', detail: process.execPath },
    ]);
  });
});

describe('a URL', () => {
  test('is connected to, and nothing is asked', async () => {
    const there = await listen();
    const { host } = new URL(there.url);
    const heartbeat = `${there.url}/${token}-{pair}-{action}`;
    const findings = await look({ heartbeat, webhook: `${there.url}/${token}` });
    expect(findings).toEqual([
      {
        ...{ name: 'notify: heartbeat', status: 'ok' },
        detail: `${host} takes connections without TLS; for backup, snapshot, drill, prune`,
      },
      {
        ...{ name: 'notify: webhook', status: 'ok' },
        detail: `${host} takes connections without TLS; all as JSON`,
      },
    ]);
    expect(there.heard).toEqual([]);
  });

  test('with nobody behind it, of no host, without TLS, or that hangs, fails', async () => {
    const port = await closedPort();
    const plain = await listen();
    const mute = createServer();
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void mute.close());
    const silent = (mute.address() as AddressInfo).port;
    const cases: [string, string, string?][] = [
      [`http://127.0.0.1:${port}`, `127.0.0.1:${port} refused the connection`],
      ['https://nowhere.invalid', 'nowhere.invalid is no host that there is'],
      [plain.url.replace('http', 'https'), `${new URL(plain.url).host} does not speak TLS there`],
      [`https://127.0.0.1:${silent}`, `127.0.0.1:${silent}: it took longer than 0.3 s`, '300ms'],
    ];
    for (const [url, detail, timeout = '60s'] of cases) {
      const findings = await look({ heartbeat: `${url}/${token}`, timeout });
      expect(findings).toMatchObject([{ name: 'notify: heartbeat', status: 'fail', detail }]);
    }
  });

  test('that is in a file that is not there, and a header that is nowhere', async () => {
    const there = await listen();
    const heartbeat = { urlFile: '/nonexistent/url' };
    const webhook = { url: there.url, headers: { Authorization: { env: 'NO_SUCH_VARIABLE' } } };
    expect(await look({ heartbeat, webhook })).toMatchObject([
      { name: 'notify: heartbeat', status: 'fail', detail: like(/\/nonexistent\/url/) },
      { name: 'notify: webhook', status: 'fail', detail: like(/NO_SUCH_VARIABLE is not set/) },
    ]);
  });

  test('of one check for several pairs is a warning', async () => {
    const there = await listen();
    expect(await look({ heartbeat: there.url }, { shop: {}, crm: {} })).toMatchObject([
      { status: 'ok', detail: like(/for backup$/) },
      { name: 'notify: heartbeat', status: 'warn', detail: like(/one check for 2 pairs/) },
    ]);
  });
});

test('a command that is not there, or may not be run, fails', async () => {
  const file = join(await ownFolder(), 'hook');
  const found = async () => (await look({ command: [file], metricsFile: '/tmp/x.prom' }))[0];
  expect(await found()).toMatchObject({ status: 'fail', detail: `${file} is not there` });
  await writeFile(file, '#!/bin/sh\n');
  expect(await found()).toMatchObject({ status: 'fail', detail: `${file} may not be run by us` });
  await chmod(file, 0o755);
  expect(await found()).toMatchObject({ status: 'ok', detail: file });
});

describe('the metrics file', () => {
  const found = async (metricsFile: string) => (await look({ metricsFile }))[0]!;

  test('of a folder that is there is made by the next run', async () => {
    const folder = await ownFolder();
    await chmod(folder, 0o755);
    const file = join(folder, 'stillpoint.prom');
    expect(await found(file)).toMatchObject({
      status: 'ok',
      detail: like(/the next run makes it/),
    });
    await writeFile(file, '');
    await chmod(file, 0o644);
    expect(await found(file)).toMatchObject({ status: 'ok', detail: like(/read by others/) });
  });

  test('that others cannot read, or reach, or that has another ending, is a warning', async () => {
    const folder = await ownFolder();
    const file = join(folder, 'stillpoint.prom');
    await writeFile(file, '');
    await chmod(file, 0o600);
    expect(await found(file)).toMatchObject({ status: 'warn', fix: `chmod o+rx ${folder}` });
    await chmod(folder, 0o755);
    expect(await found(file)).toMatchObject({ status: 'warn', fix: like(/umask 022/) });
    expect(await found(join(folder, 'stillpoint.txt'))).toMatchObject({ status: 'warn' });
  });

  test('of a folder that is not there, fails', async () => {
    const folder = await ownFolder();
    const file = join(folder, 'nobody', 'stillpoint.prom');
    const detail = `the folder ${join(folder, 'nobody')} is not there`;
    expect(await found(file)).toMatchObject({ status: 'fail', detail });
  });

  // Root may write anywhere.
  test.runIf(process.getuid?.() !== 0)('of a folder that is not ours, fails', async () => {
    const folder = join(await ownFolder(), 'theirs');
    await mkdir(folder, { mode: 0o555 });
    expect(await found(join(folder, 'stillpoint.prom'))).toMatchObject({ status: 'fail' });
  });
});
