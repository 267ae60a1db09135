import type { DrillRecord } from '../catalog/drillRecord.js';
import { bytesText, rateText, secondsText } from '../util/text.js';
import { packLanes, type Span } from './lanes.js';
import { markup, nameOf, trusted, type Html } from './markup.js';
import { percent, timeTicks } from './scale.js';

type Part = DrillRecord['parts'][number];

/** The phases of a drill, one under the other, over the whole of its time. */
export function phaseChart({ phases, seconds }: DrillRecord): Html {
  const total = Math.max(seconds.total, ...phases.map(endOf));
  const rows = phases.map(
    (phase) => markup`
<div class="row"><span class="label">${phase.name}</span>
<span class="track">${bar(phase, { from: 0, seconds: total }, 'phase', '', null)}</span>
<span class="number">${secondsText(phase.seconds)}</span></div>`,
  );
  return markup`<div class="chart">${rows}
<div class="row axis"><span></span><span class="track">${axis(total)}</span><span></span></div></div>`;
}

/** The parts of a restore in as many lanes as were loaded at once, over the time of the loading. */
export function partChart(parts: readonly Part[]): Html {
  const from = Math.min(...parts.map((part) => part.from));
  const whole = { from, seconds: Math.max(...parts.map(endOf)) - from };
  const lanes = packLanes(parts).map(
    (lane, i) => markup`
<div class="row"><span class="label">${i + 1}</span><span class="track lane">${lane.map((part) =>
      bar(part, whole, `part ${part.kind}`, partTitle(part), partLabel(part)),
    )}</span></div>`,
  );
  const kinds = [...new Set(parts.map(({ kind }) => kind))];
  return markup`<p class="legend">${kinds.map(
    (kind) => markup`<span class="key"><i class="part ${kind}"></i> ${kind}</span>
`,
  )}</p>
<div class="chart lanes">${lanes}
<div class="row axis"><span></span><span class="track">${axis(whole.seconds)}</span></div></div>`;
}

function bar(span: Span, whole: Span, kind: string, title: string, label: Html | null): Html {
  const left = percent(span.from - whole.from, whole.seconds);
  const style = trusted(`left:${left};width:${percent(span.seconds, whole.seconds)}`);
  const text = label === null ? null : markup`<span>${label}</span>`;
  return markup`<i class="bar ${kind}" style="${style}" title="${title}">${text}</i>`;
}

function axis(seconds: number): Html {
  return markup`${timeTicks(seconds).map((tick) => {
    const left = trusted(`left:${percent(tick.seconds, seconds)}`);
    // Texts stand below the middle of their marks, save where they would leave the page.
    const side = tick.seconds === 0 ? ' first' : tick.seconds > 0.93 * seconds ? ' last' : '';
    return markup`<span class="tick${side}" style="${left}">${tick.text}</span>`;
  })}`;
}

function partLabel({ kind, database, tables }: Part): Html {
  const [first, ...more] = tables;
  if (kind !== 'data' || first === undefined) return nameOf(database === '' ? kind : database);
  return more.length === 0 ? nameOf(first) : markup`${nameOf(first)} +${more.length}`;
}

function partTitle({ kind, database, tables, seconds, plainBytes, from }: Part): string {
  const [first, ...more] = tables;
  const others = more.length > 0 ? ` and ${more.length} more` : '';
  const what =
    kind === 'data' && first !== undefined
      ? `${database}.${first}${others}`
      : `${database} ${kind}`;
  const rate = rateText(plainBytes, seconds);
  const size = `${bytesText(plainBytes)}${rate === '' ? '' : `, ${rate}`}`;
  return `${what}: ${secondsText(seconds)} from ${secondsText(from)}, ${size}`;
}

const endOf = (span: Span): number => span.from + span.seconds;
