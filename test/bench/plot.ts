import { escapeText, style } from './plotStyle.js';
import type { Group, Results } from './results.js';
import { summarize, type Summary } from './summary.js';

const width = 880;
const barsFrom = 385;
const barsTo = 715;
const rowHeight = 34;
const titleHeight = 46;
const gap = 22;

/**
 * The dumps as an SVG: for each contender a bar for its time and below it a thin one for its pause, to the
 * same scale within a data set. Readable on light and on dark pages; medians of the rounds.
 */
export function plot({ groups, cores }: Results): string {
  const shown = groups.filter(({ dumps }) => dumps.length > 0);
  const heights = shown.map(heightOf);
  const top = 48;
  const height = top + heights.reduce((sum, one) => sum + one + gap, 0);
  let at = top;
  const drawn = shown.map((group, i) => {
    const panel = `<g transform="translate(0 ${at})">${panelOf(group)}</g>`;
    at += heights[i]! + gap;
    return panel;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escapeText(shown.map(spoken).join('; '))}</title>
<style>${style}</style>
<g transform="translate(0 8)">${legendOf(cores)}</g>
${drawn.join('\n')}
</svg>
`;
}

function heightOf({ dumps }: Group): number {
  return titleHeight + summarize(dumps).length * rowHeight;
}

function panelOf({ engine, version, data, tables, dataBytes, dumps }: Group): string {
  const lines = summarize(dumps);
  const most = Math.max(...lines.map(({ seconds }) => seconds ?? 0));
  const scale = (seconds: number) => ((barsTo - barsFrom) * seconds) / most;
  const name = engine === 'mysql' ? 'MySQL' : 'MariaDB';
  const what = `${tables.toLocaleString('en')} ${tables === 1 ? 'table' : 'tables'}, ${(dataBytes / 1e6).toFixed(0)} MB`;
  return `
<text x="0" y="16" class="title">${name} ${escapeText(/^[\d.]+/.exec(version)?.[0] ?? version)}, ${data}</text>
<text x="0" y="34" class="note">${what}</text>
${lines.map((line, i) => `<g transform="translate(0 ${titleHeight + i * rowHeight})">${rowOf(line, scale)}</g>`).join('\n')}`;
}

function rowOf({ contender, seconds, pause }: Summary, scale: (seconds: number) => number): string {
  const isOurs = contender.startsWith('stillpoint');
  const length = Math.max(1, scale(seconds ?? 0));
  const end = barsFrom + length + 6;
  const bars = `<rect x="${barsFrom}" y="4" width="${length.toFixed(1)}" height="14" rx="2" class="${isOurs ? 'ours' : 'other'}"/>
<text x="${end.toFixed(1)}" y="16" class="value${isOurs ? ' strong' : ''}">${secondsText(seconds)}</text>`;
  const label = `<text x="${barsFrom - 10}" y="16" class="label${isOurs ? ' strong' : ''}">${escapeText(contender)}</text>`;
  if (pause === null) return label + bars;
  const paused = Math.max(2, scale(pause));
  return `${label}${bars}
<rect x="${barsFrom}" y="20" width="${paused.toFixed(1)}" height="4" class="pause"/>
<text x="${width}" y="16" class="pauseValue">paused ${secondsText(pause)}</text>`;
}

function legendOf(cores: number): string {
  return `<rect x="0" y="3" width="14" height="12" rx="2" class="ours"/>
<text x="20" y="14" class="note">stillpoint</text>
<rect x="94" y="3" width="14" height="12" rx="2" class="other"/>
<text x="114" y="14" class="note">others: time to dump, compress and upload</text>
<rect x="384" y="8" width="22" height="4" class="pause"/>
<text x="414" y="14" class="note">of which the replica’s SQL thread was stopped</text>
<text x="${width}" y="14" class="note end">${cores} ${cores === 1 ? 'core' : 'cores'}, medians</text>`;
}

/** Three figures, as a person would say them. */
export function secondsText(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

function spoken({ engine, data, dumps }: Group): string {
  const all = summarize(dumps).map(
    ({ contender, seconds, pause }) =>
      `${contender} ${secondsText(seconds)}${pause === null ? '' : `, paused ${secondsText(pause)}`}`,
  );
  return `${engine}, ${data}: ${all.join('; ')}`;
}
