import type { DrillStep, RunEvent, Step } from '../../util/observe.js';
import { bytesText, rateText, secondsText } from './text.js';
import type { Terminal } from './terminal.js';

const saying: Partial<Record<Step | DrillStep, string>> = {
  preflight: 'looking at the replica, the tools and the store',
  recover: 'looking for what an earlier run left',
  gate: 'checking whether the replica may be paused',
  stop: 'pausing the SQL thread',
  fence: 'checking that nothing moved',
  resume: 'resuming the SQL thread',
  manifest: 'writing the manifest',
  'catch-up': 'waiting until the replica has caught up',
  sweep: 'looking for what an earlier drill left',
  sandbox: 'starting the sandbox server',
  checks: 'comparing the sandbox with the backup',
  follow: 'following the source from the recorded coordinates',
  compare: 'comparing the sandbox with the replica',
  'clean-up': 'removing the sandbox',
};

/** Turns the events of a run into a live line and a few lasting ones. */
export function followRun(terminal: Terminal): (event: RunEvent, verbose: boolean) => void {
  let step: Step | DrillStep | null = null;
  let parts = 0;
  let done = 0;
  let stepBegun = 0;
  let pausedAt: number | null = null;
  const bytes = { plain: 0, stored: 0 };
  const now = () => performance.now() / 1000;

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
        parts = event.parts;
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
      case 'warning':
        terminal.note(`warning: ${event.text}`);
        break;
      case 'lag':
        if (event.seconds !== null) terminal.live(`replica lags ${event.seconds} s`);
        return;
    }
    terminal.live(liveText());
  };

  function liveText(): string {
    const elapsed = now() - stepBegun;
    if (step !== 'dump' && bytes.stored === 0) return step ? (saying[step] ?? step) : '';
    const counted = parts > 0 ? `${done}/${parts} parts` : `${done} parts`;
    const shown = bytes.plain || bytes.stored;
    const fields = [counted, bytesText(shown), rateText(shown, elapsed)];
    if (pausedAt !== null) fields.unshift(`paused ${secondsText(now() - pausedAt)}`);
    const doing = step === null || step === 'dump' ? undefined : saying[step];
    return doing ?? fields.join(' · ');
  }
}
