import { afterEach } from 'vitest';
import { waitFor } from '../../src/util/wait.js';
import { pair } from './shared.js';

// A test that leaves the replica paused, or a GTID of its own on it, has failed.
afterEach(async () => {
  let faults: string[] = [];
  const isFine = async () => ((faults = await pair.faults()).length === 0 ? true : null);
  if (await waitFor(isFine, { within: 20 })) return;
  await pair.healErrant();
  throw new Error(`the test left its replica behind: ${faults.join('; ')}`);
});
