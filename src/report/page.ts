import { plotScripts, style } from './assets.js';
import { jsonIn, markup, render, type Html } from './markup.js';
import type { Plot, PlotPage } from './plotData.js';
import { zoneName } from './when.js';

export interface Page {
  title: string;
  body: Html;
  /** What the page was made from; stands in it as JSON beside `zone` and `plots`. */
  data: object;
  plots: Plot[];
  /** Whether it tells of something that failed. */
  failed: boolean;
}

/**
 * A whole page in one file, which asks for nothing else: its policy forbids the network and every
 * script but ours, should ever a name get past the escaping.
 */
export function page({ title, body, data, plots, failed }: Page): string {
  const scripts = plots.length > 0 ? plotScripts() : [];
  const allowed = scripts.map(({ hash }) => hash).join(' ') || "'none'";
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${allowed}; base-uri 'none'; form-action 'none'`;
  const drawn: PlotPage = { zone: zoneName(), plots };
  return render(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
${style(plots.length > 0)}
</head>
<body class="${failed ? 'bad' : 'good'}">
<main>${body}
</main>
<footer><p>Made by stillpoint. Times in ${drawn.zone}.</p></footer>
<script type="application/json" id="data">${jsonIn({ ...data, ...drawn })}</script>
${scripts.map(({ element }) => element)}
</body>
</html>
`);
}

/** One of the large figures at the top. */
export interface Figure {
  /** For tests and style: `data-figure`. */
  id: string;
  label: string;
  value: Html | string;
  note?: Html | string | null;
}

export function figures(list: readonly Figure[]): Html {
  return markup`<dl class="figures">${list.map(
    ({ id, label, value, note = null }) => markup`
<div><dt>${label}</dt><dd class="value" data-figure="${id}">${value}</dd>${note === null ? null : markup`<dd class="note">${note}</dd>`}</div>`,
  )}
</dl>`;
}

const signs = { passed: '✓', failed: '✕', warned: '!', none: '–' };

/** A state as a sign and a word, so that it does not hang on its colour. */
export function badge(status: keyof typeof signs, word: string): Html {
  return markup`<span class="badge ${status}"><span aria-hidden="true">${signs[status]}</span> ${word}</span>`;
}
