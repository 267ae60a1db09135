import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  backupsPrefix,
  commitKey,
  drillsPrefix,
  encodeName,
  idOfKey,
  parseBackupId,
} from '../../store/keys.js';

/** What this machine knows of a pair's backups and drills, newest first. No server is asked. */
export interface Known {
  backups(): Promise<string[]>;
  drills(): Promise<string[]>;
  /** The label of a backup; null when it was not committed. */
  labelOf(id: string): Promise<string | null>;
}

/** From the folder of a store: what there is. */
export function inFolder(root: string, pair: string): Known {
  const prefix = drillsPrefix(pair);
  return {
    backups: async () => newestFirst(await readdir(join(root, backupsPrefix(pair)))),
    drills: async () => {
      const names = await readdir(join(root, prefix));
      return newestFirst(names.map((name) => idOfKey(prefix, prefix + name) ?? ''));
    },
    labelOf: async (id) => {
      try {
        return labelIn(await readFile(join(root, commitKey({ pair, id })), 'utf8'));
      } catch {
        return null;
      }
    },
  };
}

/** From what the last listing of this machine has kept (see catalogCache.ts), which may be of some days ago. */
export function inCache(stateDir: string, pair: string): Known {
  let read: Promise<Map<string, string>> | undefined;
  const records = () => (read ??= linesOf(stateDir, pair, 'backups', /^([^"]+)$/));
  const prefix = drillsPrefix(pair);
  return {
    backups: async () => newestFirst([...(await records()).keys()]),
    drills: async () => {
      const lines = await linesOf(stateDir, pair, 'drills', /^(\S+) /);
      return newestFirst([...lines.keys()].map((key) => idOfKey(prefix, key) ?? ''));
    },
    labelOf: async (id) => {
      const [, record = ''] = /^[^,]*,(.*)\]$/s.exec((await records()).get(id) ?? '') ?? [];
      return labelIn(record);
    },
  };
}

/** The lines of the newest cache there is, by what `keyForm` finds in their keys. */
async function linesOf(
  stateDir: string,
  pair: string,
  what: string,
  keyForm: RegExp,
): Promise<Map<string, string>> {
  const folder = join(stateDir, 'cache');
  const start = `${encodeName(pair)}-`;
  // There is one for each store that the pair has had, and for each version of this program.
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(start) && /^[0-9a-f]{12}\.\w+$/.test(name.slice(start.length)),
  );
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(`.${what}`))
      .map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const newest = files.sort((a, b) => b.at - a.at)[0];
  if (!newest) return new Map();
  const text = await readFile(join(folder, newest.name), 'utf8');
  const found = new Map<string, string>();
  for (const line of text.split('\n').slice(1)) {
    // After its check sum a line is `["key",value]`.
    const at = line.indexOf('["');
    const key = line.slice(at + 2, line.indexOf('"', at + 2));
    const [, id] = keyForm.exec(key) ?? [];
    if (at !== -1 && id !== undefined) found.set(id, line.slice(at));
  }
  return found;
}

function newestFirst(ids: readonly string[]): string[] {
  return ids
    .filter((id) => parseBackupId(id) !== null)
    .sort()
    .reverse();
}

function labelIn(text: string): string | null {
  try {
    const { label } = JSON.parse(text) as { label?: unknown };
    return typeof label === 'string' ? label : null;
  } catch {
    return null;
  }
}
