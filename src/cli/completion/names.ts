import { dirname } from 'node:path';
import { parse } from 'yaml';
import { findConfig } from '../../config/find.js';
import { absolutePath, foldersOf } from '../../config/folders.js';

/** What a configuration calls its things, and where they are. */
export interface Names {
  pairs: string[];
  targets: string[];
  /** Of a pair, or of all. */
  replicasOf(pair: string | undefined): string[];
  stateDir: string;
  schedulesDir: string;
  /** The folder of a pair's store; null when its store is no folder. */
  folderOf(pair: string): string | null;
}

type Raw = Record<string, unknown>;

/**
 * The names in the configuration, of which nothing else is looked at: checking it would take longer than
 * someone who pressed TAB waits. Null when there is none that can be read.
 */
export async function namesOf(named?: string): Promise<Names | null> {
  try {
    const { file, text } = await findConfig(named === undefined ? {} : { file: named });
    const raw = mapOf(parse(text));
    const pairs = mapOf(raw['pairs']);
    const stores = mapOf(raw['stores']);
    const texts = Object.fromEntries(
      ['stateDir', 'schedulesDir'].flatMap((key) => {
        const value = textOf(raw[key]);
        return value === null ? [] : [[key, value] as const];
      }),
    );
    return {
      pairs: safe(Object.keys(pairs)),
      targets: safe(Object.keys(mapOf(raw['targets']))),
      replicasOf: (pair) => {
        const named = pair === undefined ? Object.values(pairs) : [pairs[pair]];
        return safe(named.flatMap((one) => Object.keys(mapOf(mapOf(one)['replicas']))));
      },
      ...foldersOf(texts, { file, env: process.env, cwd: process.cwd() }),
      folderOf: (pair) => {
        const store = textOf(mapOf(pairs[pair])['store']) ?? Object.keys(stores)[0] ?? '';
        const { type, path, prefix } = mapOf(stores[store]);
        if (type !== 'file' || typeof path !== 'string') return null;
        return absolutePath(textOf(prefix) ?? '.', absolutePath(path, dirname(file)));
      },
    };
  } catch {
    return null;
  }
}

/** Those words that cannot play with a shell, whatever it does with them. */
export function safe(words: readonly string[]): string[] {
  return words.filter((word) => /^\w[\w.-]*$/.test(word));
}

function mapOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
