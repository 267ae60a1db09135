import type { DrillRecord } from '../catalog/drillRecord.js';
import type { BackupRecord } from '../catalog/records.js';
import { ageText, bytesText, secondsText } from '../util/text.js';
import { coverageChart } from './coverage.js';
import { drillList } from './drillList.js';
import { historyPlots } from './historyPlots.js';
import { markup, nameOf } from './markup.js';
import { badge, figures, page, type Figure } from './page.js';
import { plotFigure } from './plot.js';
import { countStates, proofsOf, type Proof } from './proof.js';
import { whenText } from './when.js';

export interface History {
  pair: string;
  /** Oldest first. */
  backups: readonly BackupRecord[];
  /** Oldest first. */
  drills: readonly DrillRecord[];
  now: Date;
}

/** The history of a pair as a page: HTML in one file. */
export function historyPage({ pair, backups, drills, now }: History): string {
  const proofs = proofsOf(backups, drills);
  const plots = historyPlots(backups, drills, now);
  const last = drills.at(-1);
  const failed = last?.status === 'failed';
  return page({
    title: `${pair}: backups and drills`,
    failed,
    data: { pair, madeAt: now.toISOString(), ...dataOf(backups, drills) },
    plots,
    body: markup`
<header>
<p class="eyebrow">Backups and drills, ${whenText(now.toISOString())}</p>
<h1>${nameOf(pair)}</h1>
${failed ? markup`<p class="reason" role="alert">${badge('failed', 'Last drill failed')} <span data-figure="reason">${last.reason ?? ''}</span></p>` : null}
</header>
${figures(figuresOf(proofs, drills, now))}
<section><h2>Which backups are proven</h2>
${backups.length === 0 ? markup`<p>There is no backup yet.</p>` : coverageChart(proofs)}</section>
${plots.length === 0 ? null : markup`<section><h2>Over time</h2><div class="plots">${plots.map(plotFigure)}</div></section>`}
<section><h2>Drills</h2>
${drills.length === 0 ? noDrills : drillList(drills)}</section>`,
  });
}

const noDrills = markup`<p>No drill yet. This one proves the newest backup: <code>stillpoint drill latest</code></p>`;

function figuresOf(proofs: readonly Proof[], drills: readonly DrillRecord[], now: Date): Figure[] {
  const newest = proofs.at(-1)?.backup;
  const proven = proofs.findLast(({ state }) => state === 'proven');
  const passed = drills.filter(({ status }) => status === 'passed');
  const pauses = proofs.map(({ backup }) => backup.pauseSeconds);
  const list: Figure[] = [statusOf(proven, drills, now)];
  if (newest) list.push(ageFigure('newest', 'Newest backup', newest.pausedAt, now));
  const last = passed.at(-1);
  if (last) {
    const typical = `median ${secondsText(median(passed.map(({ seconds }) => seconds.restore)))}`;
    list.push({
      id: 'restore',
      label: 'Restore time',
      value: secondsText(last.seconds.restore),
      note: typical,
    });
  }
  if (newest) {
    list.push(
      {
        id: 'pause',
        label: 'Pause',
        value: secondsText(newest.pauseSeconds),
        note: `longest ${secondsText(Math.max(...pauses))}`,
      },
      {
        id: 'size',
        label: 'Size',
        value: bytesText(newest.bytes.plain),
        note: `${bytesText(newest.bytes.stored)} stored`,
      },
      {
        id: 'coverage',
        label: 'Backups proven',
        value: `${countStates(proofs).proven} of ${proofs.length}`,
      },
    );
  }
  return list;
}

/** Whether there is a backup that can be counted on, and of when its data is. */
function statusOf(proven: Proof | undefined, drills: readonly DrillRecord[], now: Date): Figure {
  const label = 'Status';
  if (drills.at(-1)?.status === 'failed') {
    const note = proven === undefined ? 'no backup is proven' : provenText(proven, now);
    return { id: 'status', label, value: badge('failed', 'Failed'), note };
  }
  if (proven === undefined) return { id: 'status', label, value: badge('none', 'Not proven') };
  return { id: 'status', label, value: badge('passed', 'Proven'), note: provenText(proven, now) };
}

const provenText = ({ backup }: Proof, now: Date): string =>
  `data of ${ageText(backup.pausedAt, now)}`;

function ageFigure(id: string, label: string, iso: string, now: Date): Figure {
  return { id, label, value: ageText(iso, now), note: whenText(iso) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** What of the records the page shows. */
function dataOf(backups: readonly BackupRecord[], drills: readonly DrillRecord[]): object {
  return {
    backups: backups.map(({ id, label, pausedAt, pauseSeconds, seconds, bytes, lag = [] }) => ({
      id,
      label,
      pausedAt,
      pauseSeconds,
      seconds,
      bytes,
      lag,
    })),
    drills: drills.map(({ id, backup, status, reason, startedAt, seconds, bytes }) => ({
      id,
      backup,
      status,
      reason,
      startedAt,
      seconds,
      bytes,
    })),
  };
}
