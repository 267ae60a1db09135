import type { DrillRecord } from '../catalog/drillRecord.js';
import { secondsText } from '../util/text.js';
import { badge } from './page.js';
import { markup, type Html } from './markup.js';
import { whenText } from './when.js';

/** Drills seen at once; the rest unfolds. */
const atFirst = 15;

/** Every drill of a pair, newest first. */
export function drillList(drills: readonly DrillRecord[]): Html {
  const newestFirst = [...drills].reverse();
  const rest = newestFirst.slice(atFirst);
  const folded = markup`
<details><summary>${rest.length} more</summary>${table(rest)}</details>`;
  return markup`${table(newestFirst.slice(0, atFirst))}${rest.length > 0 ? folded : null}`;
}

function table(drills: readonly DrillRecord[]): Html {
  return markup`
<div class="wide"><table class="drills"><thead><tr><th>drill</th><th></th><th>backup</th>
<th class="number">restore</th><th class="number">checks</th><th class="number">caught up</th><th class="number">all</th></tr></thead>
<tbody>${drills.map(row)}
</tbody></table></div>`;
}

function row({ id, backup, status, reason, startedAt, seconds }: DrillRecord): Html {
  const why =
    status === 'failed'
      ? markup`
<tr class="why"><td></td><td colspan="6">${reason ?? ''}</td></tr>`
      : null;
  const time = (label: string, value: number | null) =>
    markup`<td class="number" data-label="${label}">${value === null ? '–' : secondsText(value)}</td>`;
  return markup`
<tr id="${id}"><th class="when" title="${id}">${whenText(startedAt)}</th><td>${badge(status, status)}</td><td class="id"><code>${backup}</code></td>
${time('restore', seconds.restore)}${time('checks', seconds.checks)}${time('caught up', seconds.catchUp)}${time('all', seconds.total)}</tr>${why}`;
}
