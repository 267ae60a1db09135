import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap small, since a run makes much short-lived garbage: V8 else lets the space for new objects grow to
 * 48 MB. A listing of 5,000 backups takes 20 MB less, and no longer; a dump of 690 MB 20 to 25 MB less, at the
 * same CPU time. And the heap is marked in one go, which takes a few milliseconds: bit by bit, V8 begins earlier, and
 * marked it 59 times while 640 MB were restored, in place of 13; a quarter of the coordinator's CPU time.
 */
export function beFrugal(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-incremental-marking');
}
