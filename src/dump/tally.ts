import type { Observe } from '../util/observe.js';

/** Adds up the bytes of all parts and tells them. */
export function tally(observe: Observe): () => (plain: number, stored: number) => void {
  const total = { plain: 0, stored: 0 };
  return () => {
    const last = { plain: 0, stored: 0 };
    return (plain, stored) => {
      total.plain += plain - last.plain;
      total.stored += stored - last.stored;
      last.plain = plain;
      last.stored = stored;
      void observe({ type: 'bytes', ...total });
    };
  };
}
