import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeAtomic } from '../util/atomicFile.js';
import { lastRunOf, lastRunSchema, lastSuccessOf, lastSuccessSchema } from './figures.js';
import { metricsText } from './metrics.js';
import type { Outcome } from './outcome.js';

/**
 * Writes the metrics of an outcome into a text file, where the values of other pairs and actions stay.
 *
 * Every pair and action has files of its own in the folder `FILE.d` beside, and the text file is made
 * from all of them. Two runs that end together need no lock for it: each writes its own first, and looks
 * again after it has replaced the text file. Whoever replaces it last has seen all, or does it again.
 * `replace` is there for a test that comes between.
 */
export async function writeMetrics(
  file: string,
  outcome: Outcome,
  replace: typeof writeAtomic = writeAtomic,
): Promise<void> {
  const folder = `${file}.d`;
  const { pair, action } = outcome;
  const run = lastRunOf(outcome);
  if (!run) return;
  const success = lastSuccessOf(outcome);
  // Not the folders above: one that is not there is a mistake, and nobody would read what is in it.
  await mkdir(folder).catch((error: unknown) => {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) throw error;
  });
  const name = `${pair ?? ''}.${action}`;
  if (success) await writeAtomic(join(folder, `${name}.success.json`), line(success), 'others');
  await writeAtomic(join(folder, `${name}.run.json`), line(run), 'others');

  let shown: string | null = null;
  for (;;) {
    const text = await textOf(folder);
    if (text === shown) return;
    await replace(file, text, 'others');
    shown = text;
  }
}

async function textOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  return await metricsText(
    await readAll(folder, names, '.run.json', lastRunSchema),
    await readAll(folder, names, '.success.json', lastSuccessSchema),
  );
}

/** One that cannot be read or understood is passed over: its next run writes it anew. */
async function readAll<S extends z.ZodType>(
  folder: string,
  names: readonly string[],
  suffix: string,
  schema: S,
): Promise<z.infer<S>[]> {
  const found: z.infer<S>[] = [];
  for (const name of names.filter((one) => one.endsWith(suffix))) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    const { data } = schema.safeParse(parsed(text));
    if (data !== undefined) found.push(data);
  }
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
