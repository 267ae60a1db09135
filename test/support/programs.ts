import { which } from '../rig/tools.js';

/**
 * Whether the tests of a program run. In CI they do in any case, and fail where it is missing; elsewhere
 * they are passed over then, with a line that says so.
 */
export function mayRun(program: string): boolean {
  if (which(program) !== null || process.env['CI'] !== undefined) return true;
  console.warn(`${program} is not installed: its tests are passed over`);
  return false;
}
