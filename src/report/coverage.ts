import { DateTime } from 'luxon';
import { markup, trusted, type Html } from './markup.js';
import { countStates, type Proof } from './proof.js';
import { whenText } from './when.js';

/** Months that are shown. */
const mostMonths = 13;

const words = { proven: 'proven', failed: 'failed its drill', unproven: 'not proven' };

/** Every backup of the last months as a cell, a row for each month and a column for each day. */
export function coverageChart(proofs: readonly Proof[]): Html {
  const byMonth = groupBy(proofs, ({ backup }) => monthOf(backup.pausedAt));
  const months = [...byMonth].slice(-mostMonths);
  const counts = countStates(proofs);
  const states = ['proven', 'failed', 'unproven'] as const;
  return markup`<p class="legend">${states.map(
    (state) =>
      markup`<span class="key"><i class="cell ${state}"></i> ${words[state]} <b>${counts[state]}</b></span>
`,
  )}</p>
<div class="coverage" style="${trusted(`--share:${Math.max(1, busiestDay(proofs))}`)}">
<div class="month"><span></span><span class="days" aria-hidden="true">${dayMarks}</span></div>${months.map(
    ([month, of]) => monthRow(month, of),
  )}
</div>${byMonth.size > mostMonths ? markup`<p class="note">The last ${mostMonths} of ${byMonth.size} months.</p>` : null}`;
}

const dayMarks = [1, 5, 10, 15, 20, 25, 30].map(
  (day) => markup`<span style="${trusted(`grid-column:${day}`)}">${day}</span>`,
);

function monthRow(month: string, proofs: readonly Proof[]): Html {
  const byDay = groupBy(proofs, ({ backup }) => DateTime.fromISO(backup.pausedAt).day);
  const days = [...byDay].map(
    ([day, of]) =>
      markup`<span class="day" style="${trusted(`grid-column:${day}`)}">${of.map(cell)}</span>`,
  );
  const { proven, failed, unproven } = countStates(proofs);
  const told = `${month}: ${proven} proven, ${failed} failed, ${unproven} not proven`;
  return markup`
<div class="month"><span class="label">${month}</span><span class="days" role="group" aria-label="${told}">${days}</span></div>`;
}

function cell({ backup, state, drill }: Proof): Html {
  const title = `${whenText(backup.pausedAt)}, ${backup.id}: ${words[state]}`;
  if (drill === null) return markup`<i class="cell ${state}" title="${title}"></i>`;
  return markup`<a class="cell ${state}" href="#${drill.id}" title="${title} (drill ${drill.id})" aria-label="${title}"></a>`;
}

const monthOf = (iso: string): string => DateTime.fromISO(iso).setLocale('en').toFormat('LLL yyyy');

/** Backups of the day that has the most: its cells have to share the height of a row. */
function busiestDay(proofs: readonly Proof[]): number {
  const days = groupBy(proofs, ({ backup }) => DateTime.fromISO(backup.pausedAt).toISODate());
  return Math.max(0, ...[...days.values()].map((of) => of.length));
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
