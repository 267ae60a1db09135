import type { Results } from './results.js';

export function plot(results: Results): string {
  return String(results.groups.length);
}
