import { parse } from 'yaml';
import { findConfig } from '../../config/find.js';

/** What a configuration calls its things. */
export interface Names {
  pairs: string[];
  targets: string[];
}

/**
 * The names in the configuration, of which nothing else is looked at: checking it would take longer than
 * someone who pressed TAB waits. Empty when there is none that can be read.
 */
export async function namesOf(file?: string): Promise<Names> {
  try {
    const { text } = await findConfig(file === undefined ? {} : { file });
    const { pairs, targets } = (parse(text) ?? {}) as Record<string, unknown>;
    return { pairs: keysOf(pairs), targets: keysOf(targets) };
  } catch {
    return { pairs: [], targets: [] };
  }
}

// What the configuration does not allow as a name could play with the shell.
function keysOf(map: unknown): string[] {
  if (typeof map !== 'object' || map === null) return [];
  return Object.keys(map).filter((name) => /^[\w.-]+$/.test(name));
}
