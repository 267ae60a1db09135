import type { DrillCheck } from '../catalog/drillRecord.js';

/** What a drill asserts, one after another, with the evidence for each. */
export class Evidence {
  readonly checks: DrillCheck[] = [];

  /** The first check that failed. */
  get failure(): DrillCheck | null {
    return this.checks.find(({ status }) => status === 'failed') ?? null;
  }

  passed(name: string, detail: string): void {
    this.checks.push({ name, status: 'passed', detail });
  }

  warned(name: string, detail: string): void {
    this.checks.push({ name, status: 'warned', detail });
  }

  failed(name: string, detail: string): void {
    this.checks.push({ name, status: 'failed', detail });
  }

  /** Failed with the first difference and the number of others, or passed with `good`. */
  compared(name: string, differences: readonly string[], good: string): void {
    const [first] = differences;
    if (first === undefined) this.passed(name, good);
    else this.failed(name, others(first, differences.length - 1));
  }
}

function others(first: string, more: number): string {
  if (more === 0) return first;
  return `${first} (and ${more} more)`;
}
