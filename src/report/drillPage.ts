import type { DrillCheck, DrillRecord } from '../catalog/drillRecord.js';
import type { BackupRecord } from '../catalog/records.js';
import { bytesText, rateText, secondsText } from '../util/text.js';
import { catchUpPlot } from './catchUpPlot.js';
import { markup, nameOf, type Html } from './markup.js';
import { badge, figures, page, type Figure } from './page.js';
import { plotFigure } from './plot.js';
import { tableChart } from './tables.js';
import { partChart, phaseChart } from './timeline.js';
import { dayText, when } from './when.js';

/**
 * One drill as a page: HTML in one file. `backup` is the record of what was restored; null when it is
 * gone from the store.
 */
export function drillPage(record: DrillRecord, backup: BackupRecord | null): string {
  const failed = record.status === 'failed';
  const plot = record.catchUp === null ? null : catchUpPlot(record.catchUp);
  return page({
    title: `${record.pair}: drill of ${dayText(record.startedAt)} ${record.status}`,
    failed,
    data: { record, backup },
    plots: plot === null ? [] : [plot],
    body: markup`
<header>
<p class="eyebrow">Restore drill</p>
<h1>${nameOf(record.pair)}</h1>
${failed ? markup`<p class="reason" role="alert">${badge('failed', 'Failed')} <span data-figure="reason">${record.reason ?? 'for no reason that was written down'}</span></p>` : null}
</header>
${figures(figuresOf(record, backup))}
${section('Timeline', phaseChart(record))}
${record.parts.length > 0 ? section('Loading, part by part', partChart(record.parts)) : null}
${record.tables.length > 0 ? section('Tables', tableChart(record)) : null}
${plot === null ? null : section('Catching up', markup`${catchUpText(record)}${plotFigure(plot)}`)}
${section('Checks', checkList(record.checks))}
${section('What was restored', facts(record, backup))}`,
  });
}

function figuresOf(record: DrillRecord, backup: BackupRecord | null): Figure[] {
  const { seconds, bytes } = record;
  const isProof = record.status === 'passed';
  const rate = rateText(bytes.plain, seconds.restore);
  const figure = (id: string, label: string, value: Figure['value'], note: Figure['note'] = null) =>
    ({ id, label, value, note }) satisfies Figure;
  return [
    figure(
      'status',
      'Status',
      isProof ? badge('passed', 'Proven') : badge('failed', 'Failed'),
      markup`${when(record.startedAt)}<br>${checkCount(record.checks)}`,
    ),
    figure('restore', 'Restore time', secondsText(seconds.restore), rate === '' ? null : rate),
    figure(
      'total',
      'Whole drill',
      secondsText(seconds.total),
      markup`<span>download ${secondsText(seconds.download)},</span> <span>checks ${secondsText(seconds.checks)}</span>`,
    ),
    ...(seconds.catchUp === null
      ? []
      : [figure('catchUp', 'Caught up in', secondsText(seconds.catchUp))]),
    ...(backup === null
      ? []
      : [figure('pause', 'Pause of the backup', secondsText(backup.pauseSeconds))]),
    figure('size', 'Size', bytesText(bytes.plain), `${bytesText(bytes.stored)} stored`),
  ];
}

/** `7 checks, 1 warned`. */
function checkCount(checks: readonly DrillCheck[]): Html {
  const count = (of: DrillCheck['status']) => checks.filter(({ status }) => status === of).length;
  const told = (['failed', 'warned'] as const).flatMap((status) =>
    count(status) > 0 ? [`${count(status)} ${status}`] : [],
  );
  const all = [`${checks.length} checks`, ...told];
  // None of them is torn apart at the end of a line.
  return markup`${all.map((text, i) => markup`<span>${text}${i < all.length - 1 ? ',' : ''}</span> `)}`;
}

function section(title: string, body: Html): Html {
  return markup`
<section><h2>${title}</h2>
${body}</section>`;
}

function catchUpText({ catchUp }: DrillRecord): Html | null {
  if (catchUp === null) return null;
  const { reached, seconds, compared, pauseSeconds } = catchUp;
  const tables = compared === 1 ? 'table was' : 'tables were';
  return markup`<p>Attached to the source at the recorded coordinates, it reached <code>${reached}</code> in ${secondsText(seconds)}.
${compared} ${tables} then compared with the replica's, which stood still for ${secondsText(pauseSeconds)}.</p>`;
}

function checkList(checks: readonly DrillCheck[]): Html {
  const order = ['failed', 'warned', 'passed'];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return markup`<table class="checks"><tbody>${sorted.map(
    ({ name, status, detail }) => markup`
<tr><td>${badge(status, status)}</td><th>${nameOf(name)}</th><td>${detail}</td></tr>`,
  )}
</tbody></table>`;
}

function facts(record: DrillRecord, backup: BackupRecord | null): Html {
  const rows: [string, Html | string][] = [
    ['Backup', markup`<code>${record.backup}</code>`],
    ['Data of', when(record.backupAt)],
    ...backupFacts(backup),
    ['Restored into', markup`${nameOf(record.into)}, ${record.version}`],
    ['By', markup`${record.tool} on ${nameOf(record.host)}`],
    ['Drill', markup`<code>${record.id}</code>`],
  ];
  return markup`<dl class="facts">${rows.map(
    ([name, value]) => markup`
<dt>${name}</dt><dd>${value}</dd>`,
  )}
</dl>`;
}

function backupFacts(backup: BackupRecord | null): [string, Html | string][] {
  if (backup === null) return [['Its record', 'gone from the store since']];
  const { source, gtid } = backup.coordinates;
  return [
    ['Label', nameOf(backup.label)],
    ['From', backup.version],
    ['Coordinates', markup`<code>${source.file}:${source.position}</code>`],
    ['GTID', gtid === null ? 'none' : markup`<code>${gtid}</code>`],
    ['Store', markup`<code>${backup.store}</code>`],
  ];
}
