import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap small, since a run makes much short-lived garbage: V8 else lets the space for new objects grow to
 * 48 MB. A listing of 5,000 backups takes 20 MB less, and no longer; a dump of 690 MB 20 to 25 MB less, at the
 * same CPU time.
 */
export function beFrugal(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
