import type { DrillRecord } from '../catalog/drillRecord.js';
import type { Clock } from '../util/clock.js';
import type { DrillStep, Observe } from '../util/observe.js';

type Phase = DrillRecord['phases'][number];

/** Keeps the time of a drill: its phases, and its parts within. */
export class Timeline {
  readonly phases: Phase[] = [];
  readonly #clock: Clock;
  readonly #begun: number;
  readonly #observe: Observe;

  constructor(clock: Clock, observe: Observe) {
    this.#clock = clock;
    this.#begun = clock.seconds();
    this.#observe = observe;
  }

  /** Seconds since the start. */
  now(): number {
    return round(this.#clock.seconds() - this.#begun);
  }

  /** Runs `work` as a phase, which is kept also when it throws. */
  async phase<T>(name: Phase['name'], work: () => Promise<T>): Promise<T> {
    const end = await this.begin(name);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Begins a phase that lasts until the function that it returns is called. */
  async begin(name: Phase['name']): Promise<() => void> {
    await this.#observe({ type: 'step', step: stepOf[name] });
    const from = this.now();
    return () => this.phases.push({ name, from, seconds: round(this.now() - from) });
  }

  /** How long a phase took; 0 when it did not come to that. */
  secondsOf(name: Phase['name']): number {
    return this.phases.find((phase) => phase.name === name)?.seconds ?? 0;
  }
}

const stepOf: Record<Phase['name'], DrillStep> = {
  download: 'download',
  sandbox: 'sandbox',
  restore: 'restore',
  checks: 'checks',
  'catch-up': 'follow',
  'clean-up': 'clean-up',
};

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
