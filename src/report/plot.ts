import { markup, trusted, type Html } from './markup.js';
import type { Plot, Series } from './plotData.js';

/** Rows of the table that stands in for a plot where no script runs. */
const mostRows = 60;

/** The place of a plot: title, legend with the newest values, canvas, and a table for want of a script. */
export function plotFigure(plot: Plot): Html {
  const last = plot.x.length - 1;
  const crossed = markup`<span class="key"><b class="cross">✕</b> failed</span>`;
  return markup`
<figure class="plot">
<figcaption><h3>${plot.title}</h3>
<p class="legend">${plot.series.map((series) => key(series, last))}${plot.crosses.length > 0 ? crossed : null}
<span class="when">${plot.xTexts[last] ?? ''}</span></p></figcaption>
<div class="canvas" id="${plot.id}" role="img" aria-label="${spoken(plot)}"></div>
<noscript>${tableOf(plot)}</noscript>
</figure>`;
}

function key(series: Series, last: number): Html {
  return markup`<span class="key">${swatch(series)} ${series.label} <b class="value">${series.texts[last] ?? ''}</b></span>
`;
}

const dashes = { solid: '', dashed: '6 3', dotted: '2 3' };

function swatch({ ink, line }: Series): Html {
  const style = trusted(`stroke:var(--ink-${ink});stroke-dasharray:${dashes[line]}`);
  return markup`<svg class="swatch" viewBox="0 0 22 8" aria-hidden="true"><path d="M0 4H22" style="${style}"/></svg>`;
}

function spoken({ title, series, xTexts }: Plot): string {
  const newest = series.map(({ label, texts }) => `${label} ${texts.at(-1) ?? 'none'}`);
  return `${title}, from ${xTexts[0] ?? ''} to ${xTexts.at(-1) ?? ''}; newest: ${newest.join(', ')}`;
}

function tableOf({ x, xTexts, series }: Plot): Html {
  const rows = x.map((_, i) => i).slice(-mostRows);
  const left = x.length - rows.length;
  return markup`<div class="wide"><table>
<thead><tr><th></th>${series.map(({ label }) => markup`<th class="number">${label}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => markup`<tr><th>${xTexts[row] ?? ''}</th>${series.map(
      ({ texts }) => markup`<td class="number">${texts[row] ?? ''}</td>`,
    )}</tr>
`,
  )}</tbody></table></div>${left > 0 ? markup`<p class="note">The newest ${mostRows} of ${x.length}.</p>` : null}`;
}
