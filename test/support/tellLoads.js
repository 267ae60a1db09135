// Says on stderr which packages a program loads, as `loads commander`:
//   node --import ./tellLoads.js PROGRAM…
import { writeSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

// Node calls it, in a thread of its own, for each module that is imported.
export async function load(url, context, next) {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (name !== undefined) writeSync(2, `loads ${name}\n`);
  return await next(url, context);
}
