import { setTimeout as sleep } from 'node:timers/promises';
import { scheduleFiles } from '../../schedule/files.js';
import { backupWords, drillWords } from './backups.js';
import type { Ask, Candidate, Wanted } from './candidates.js';
import { namesOf, type Names } from './names.js';

/**
 * Answers from the configuration that `-c` names and from what this machine knows; never throws. Ends the
 * process when that takes longer than half a second.
 */
export function askConfig(file: string | undefined): Ask {
  return async (wanted) => {
    if (wanted.kind === 'file' || wanted.kind === 'directory') return 'files';
    const find = kinds[wanted.kind];
    if (!find) return [];
    const ending = new AbortController();
    void endAfterAMoment(ending.signal);
    try {
      const names = await namesOf(file);
      return names ? await find(names, wanted) : [];
    } catch {
      return [];
    } finally {
      ending.abort();
    }
  };
}

type Find = (names: Names, wanted: Wanted) => Promise<Candidate[]> | Candidate[];

const kinds: Readonly<Record<string, Find>> = {
  pair: ({ pairs }) => pairs.map((word) => ({ word, about: 'a pair' })),
  replica: (names, { pair }) =>
    [...new Set(names.replicasOf(pair))].map((word) => ({ word, about: 'a replica' })),
  target: ({ targets }) => targets.map((word) => ({ word, about: 'a target' })),
  schedule: async ({ schedulesDir }) =>
    (await scheduleFiles(schedulesDir)).map(({ name }) => ({ word: name, about: 'a schedule' })),
  backup: backupWords,
  drill: drillWords,
};

/** Ten milliseconds each. Idle, an answer takes one; with five programs to a core it took up to 13. */
const steps = 50;

/**
 * Ends the process in half a second, unless it has its answer before: a folder may lie on a disk of the
 * network that is gone, and then only this ends who waits for it. In small steps, so that a busy machine,
 * on which we hardly ran in that time, gives us more.
 */
async function endAfterAMoment(signal: AbortSignal): Promise<void> {
  try {
    for (let step = 0; step < steps; step++) await sleep(10, undefined, { signal });
    process.kill(process.pid, 'SIGKILL');
  } catch {
    // It has its answer.
  }
}
