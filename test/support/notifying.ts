import { parseConfig } from '../../src/config/parse.js';
import type { Config } from '../../src/config/schema.js';

/** A configuration with these pairs and this `notify`, as the file would have it; its servers do not exist. */
export function notifying(
  folder: string,
  notify: object,
  pairs: Record<string, object> = { shop: {} },
): Config {
  const server = { host: 'h', user: 'u' };
  const entries = Object.entries(pairs).map(([name, own]) => [
    name,
    { source: server, replica: server, ...own },
  ]);
  const document = {
    pairs: Object.fromEntries(entries) as object,
    stores: { main: { type: 'file', path: '/srv' } },
    notify: { timeout: '30s', ...notify },
  };
  const parsed = parseConfig(JSON.stringify(document), { shown: 'test', directory: folder });
  return { ...parsed, stateDir: folder, schedulesDir: folder };
}
