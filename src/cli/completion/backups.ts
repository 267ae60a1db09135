import { parseBackupId, slugOf } from '../../store/keys.js';
import type { Candidate, Wanted } from './candidates.js';
import { inCache, inFolder, type Known } from './known.js';
import { safe, type Names } from './names.js';

// As many as somebody looks through.
const fewIds = 20;
const fewLabels = 50;

/** `latest`, labels, and ids: the newest, or all that begin with what was typed. */
export async function backupWords(names: Names, wanted: Wanted): Promise<Candidate[]> {
  const found = await Promise.all(
    knownTo(names, wanted).map(async ({ pair, known }) => {
      const ids = await orNone(known.backups());
      const labels = await labelsOf(known, ids, wanted.typed);
      return {
        labels: labels.map(({ label, id }) => ({ word: label, about: `newest of ${pair}: ${id}` })),
        ids: ids.map((id) => ({ word: id, about: `a backup of ${pair}` })),
      };
    }),
  );
  return [
    { word: 'latest', about: 'the newest backup' },
    ...merged(found.flatMap(({ labels }) => labels)),
    ...newest(
      found.flatMap(({ ids }) => ids),
      wanted.typed,
    ),
  ];
}

/** `latest`, and ids of drills. */
export async function drillWords(names: Names, wanted: Wanted): Promise<Candidate[]> {
  const found = await Promise.all(
    knownTo(names, wanted).map(async ({ pair, known }) =>
      (await orNone(known.drills())).map((id) => ({ word: id, about: `a drill of ${pair}` })),
    ),
  );
  return [{ word: 'latest', about: 'the newest drill' }, ...newest(found.flat(), wanted.typed)];
}

function knownTo(names: Names, { pair: only }: Wanted): { pair: string; known: Known }[] {
  const pairs = names.pairs.filter((pair) => only === undefined || pair === only);
  return pairs.map((pair) => {
    const folder = names.folderOf(pair);
    return {
      pair,
      known: folder === null ? inCache(names.stateDir, pair) : inFolder(folder, pair),
    };
  });
}

/** The labels of the newest backups, each with the newest that has it. */
async function labelsOf(
  known: Known,
  ids: readonly string[],
  typed: string,
): Promise<{ label: string; id: string }[]> {
  const start = typed === '' ? '' : slugOf(typed);
  const bySlug = new Map<string, string>();
  for (const id of ids) {
    const slug = parseBackupId(id)?.label ?? '';
    if (slug.startsWith(start) && !bySlug.has(slug)) bySlug.set(slug, id);
  }
  const found = await Promise.all(
    [...bySlug.values()]
      .slice(0, fewLabels)
      .map(async (id) => ({ id, label: (await known.labelOf(id)) ?? '' })),
  );
  return found.filter(({ label }) => safe([label]).length > 0);
}

/** A label that several pairs have, once. */
function merged(labels: readonly Candidate[]): Candidate[] {
  const abouts = new Map<string, string>();
  for (const { word, about } of labels) {
    const before = abouts.get(word);
    abouts.set(word, before === undefined ? about : `${before}; ${about}`);
  }
  return [...abouts].map(([word, about]) => ({ word, about }));
}

/** Shells complete what all of them begin with, so that none may be left out once something was typed. */
function newest(ids: readonly Candidate[], typed: string): Candidate[] {
  const fitting = ids.filter(({ word }) => word.startsWith(typed));
  fitting.sort((a, b) => (a.word < b.word ? 1 : -1));
  return typed === '' ? fitting.slice(0, fewIds) : fitting;
}

async function orNone(ids: Promise<string[]>): Promise<string[]> {
  try {
    return await ids;
  } catch {
    return [];
  }
}
