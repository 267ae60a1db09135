import type { Session } from './session.js';

/** Seconds. */
export interface Heartbeat {
  /** Between two words of ours. */
  every: number;
  /** In which each is answered. */
  within: number;
}

/**
 * Says something on a connection again and again, so that its server goes on believing in us. One that does not
 * answer in time is cut: so it is `gone` here, as it soon will be there. By default for one that the server drops
 * after 60 seconds of silence.
 */
export function heartbeat(
  session: Session,
  { every, within }: Heartbeat = { every: 10, within: 30 },
): { end(): void } {
  const beat = () => void session.query('DO 1', within).catch(() => undefined);
  const timer = setInterval(beat, every * 1000);
  return {
    end() {
      clearInterval(timer);
    },
  };
}
