import { inject } from 'vitest';
export { s3 } from './s3Shared.js';
import { emptyServer, pairOf, serverAt } from './index.js';

const rig = inject('rig');
const rigOrThrow = () => {
  if (!rig) throw new Error('no engine runs: set STILLPOINT_TEST_ENGINE to mariadb or mysql');
  return rig;
};

/** The engine under test; throws in a run without one. */
export const { engine, tools } = rigOrThrow();
/** The pair of which backups are taken. */
export const pair = pairOf(serverAt(rigOrThrow().source), serverAt(rigOrThrow().replica));
/** The server that backups are restored to. */
export const target = serverAt(rigOrThrow().target);

/** Empties the target. */
export async function freshTarget(): Promise<void> {
  await emptyServer(target);
}
