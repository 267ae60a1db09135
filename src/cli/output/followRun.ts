import type { DrillStep, PruneStep, RunEvent, Step } from '../../util/observe.js';
import { bytesText, clockText, rateText, secondsText, timeText } from './text.js';
import type { Terminal } from './terminal.js';

type AnyStep = Step | DrillStep | PruneStep;

const saying: Partial<Record<AnyStep, string>> = {
  preflight: 'looking at the replica, the tools and the store',
  lock: 'waiting for another run to end',
  recover: 'looking for what an earlier run left',
  gate: 'checking whether the replica may be paused',
  drain: 'taking the node out of writing',
  'close-writes': 'closing the node for writes',
  settle: 'waiting until the other node has everything',
  'put-back': 'putting the node back',
  stop: 'pausing the SQL thread',
  fence: 'checking that nothing moved',
  resume: 'resuming the SQL thread',
  manifest: 'writing the manifest',
  'catch-up': 'waiting until the replica has caught up',
  pin: 'pinning the backup',
  sweep: 'looking for what an earlier drill left',
  sandbox: 'starting the sandbox server',
  checks: 'comparing the sandbox with the backup',
  follow: 'following the source from the recorded coordinates',
  compare: 'comparing the sandbox with the replica',
  'clean-up': 'removing the sandbox',
  check: 'counting what was restored',
  attach: 'waiting until the target has caught up',
  'check-pair': 'looking at the servers of the pair',
  'make-account': 'making the account that replicates',
  seed: 'seeding the replica',
  stream: 'reading the rows',
  apply: 'waiting until the replica has applied everything',
  'follow-source': 'waiting until the old source has caught up',
  'dump-source': 'opening snapshots on the source',
  'compare-servers': 'comparing the replica with its source',
  'sweep-store': 'looking for what an earlier prune left',
};

/** What a line with numbers begins with. */
const counts: Partial<Record<AnyStep, string>> = {
  download: 'downloading',
  restore: 'restoring',
};

const now = () => performance.now() / 1000;

/** Where the lines of a run go. */
export type RunLines = Pick<Terminal, 'note' | 'warning' | 'live'>;

/** Turns the events of a run into a live line and a few lasting ones. */
export function followRun(terminal: RunLines): (event: RunEvent, verbose: boolean) => void {
  let step: AnyStep | null = null;
  let parts = 0;
  let done = 0;
  let planned = 0;
  let stepBegun = now();
  let pausedAt: number | null = null;
  let waitSaid = -Infinity;
  let waitBegun: number | null = null;
  const bytes = { plain: 0, stored: 0 };
  return (event, verbose) => {
    switch (event.type) {
      case 'step':
        step = event.step;
        stepBegun = now();
        if (verbose) terminal.note(`step ${event.step}`);
        break;
      case 'paused':
        pausedAt = now();
        terminal.note('replication is paused');
        break;
      case 'resumed':
        pausedAt = null;
        terminal.note(`replication goes on after ${secondsText(event.pauseSeconds)}`);
        break;
      case 'plan':
        // A drill plans twice: what it downloads, and what it loads.
        [parts, planned, done] = [event.parts, event.estimatedBytes, 0];
        Object.assign(bytes, { plain: 0, stored: 0 });
        break;
      case 'continued':
        terminal.note(
          `goes on with the restore of ${timeText(event.since)}: ${event.loaded} of ${event.parts} parts are there`,
        );
        break;
      case 'part':
        done += 1;
        if (verbose) terminal.note(`done ${event.key}`);
        break;
      case 'bytes':
        Object.assign(bytes, event);
        break;
      case 'read':
        bytes.stored += event.bytes;
        break;
      case 'act':
        waitBegun = null;
        terminal.note(`${event.on}${event.on === '' ? '' : ': '}${event.says}`);
        break;
      case 'picked':
        terminal.note(`the replica to pause is ${event.replica}: ${event.reason}`);
        break;
      case 'warning':
        terminal.warning(event.text);
        break;
      case 'lag':
        if (event.seconds !== null) terminal.live(`replica lags ${event.seconds} s`);
        return;
      case 'waiting':
        sayWaiting(event);
        return;
    }
    terminal.live(liveText());
  };

  /** A live line that counts down; in a log a line at once, and then one a minute. */
  function sayWaiting({
    behindSeconds,
    secondsLeft,
  }: Extract<RunEvent, { type: 'waiting' }>): void {
    const behind = behindSeconds === null ? '' : `, ${secondsText(behindSeconds)} behind`;
    const text = `waiting for the replica to reach the source${behind}`;
    terminal.live(`${text} · ${clockText(secondsLeft)} left`);
    // A wait that is over at once is not worth a line.
    waitBegun ??= now();
    if (now() - waitBegun < 5 || now() - waitSaid < 60) return;
    waitSaid = now();
    terminal.note(`${text}; ${secondsText(secondsLeft)} left`);
  }

  function liveText(): string {
    const elapsed = now() - stepBegun;
    const moves = step === 'dump' || step === 'restore' || bytes.stored > 0;
    const doing = step === null ? undefined : saying[step];
    if (doing !== undefined || !moves) return doing ?? step ?? '';
    const counted = parts >= done && parts > 0 ? `${done}/${parts} parts` : `${done} parts`;
    const isDump = bytes.plain > 0;
    const shown = isDump ? bytes.plain : bytes.stored;
    // Of a dump nobody knows how long it will be, what is stored has a size.
    const size =
      isDump || planned === 0 ? bytesText(shown) : `${bytesText(shown)} of ${bytesText(planned)}`;
    const fields = [counted, size];
    const rate = rateText(shown, elapsed);
    if (rate !== '') fields.push(rate);
    // Views are read again in every round: then there is no more to say.
    const left = ((planned - shown) / shown) * elapsed;
    if (!isDump && rate !== '' && shown > 0 && left >= 0) fields.push(`${clockText(left)} left`);
    const counting = step === null ? undefined : counts[step];
    if (counting !== undefined) fields.unshift(counting);
    if (pausedAt !== null) fields.unshift(`paused ${secondsText(now() - pausedAt)}`);
    return fields.join(' · ');
  }
}
