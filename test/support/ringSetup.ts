import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setUp, type Setup, type SetupOptions } from './cli.js';
import { pairOfRing, type Ring } from './ring.js';

/** A setup whose drain writes down what it is told. `options` are merged over it. */
export async function setUpRing(
  ring: Ring,
  drain: Record<string, unknown> = {},
  options: SetupOptions = {},
): Promise<Setup> {
  const setup = await setUp({ pair: pairOfRing(ring) });
  const note = ['sh', '-c', `cat >> ${join(setup.folder, 'drained')}`];
  const pair = {
    ...pairOfRing(ring),
    drain: { before: note, after: note, within: '5s', ...drain },
    ...options.pair,
  };
  return await again(setup, { ...options, pair });
}

/** Another setup with the state and the store of this one. */
export async function again(setup: Setup, options: SetupOptions): Promise<Setup> {
  const made = await setUp({
    ...options,
    storeOptions: { path: setup.storePath },
    top: { stateDir: join(setup.folder, 'state') },
  });
  return { ...made, folder: setup.folder, storePath: setup.storePath };
}

/** What the drain was told, in order. */
export async function drainedIn({ folder }: Setup): Promise<string[]> {
  const text = await readFile(join(folder, 'drained'), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { event: string }).event);
}
