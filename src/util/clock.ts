/** Where "now" comes from, so that tests can choose it. */
export interface Clock {
  /** The wall clock, for what is written down. */
  now(): Date;
  /** Seconds from an arbitrary start that never go back, for what is measured. */
  seconds(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  seconds: () => performance.now() / 1000,
};
