import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { markup, trusted, type Html } from './markup.js';

// The page's own style and script are files for a browser, not of this program: see browser/.
const assets = new URL('../../src/report/browser/', import.meta.url);
const { resolve } = createRequire(import.meta.url);

/** A script of a page, and how the page's policy names it. */
export interface Script {
  element: Html;
  hash: string;
}

/** In their order: what is for a small window, or for paper, takes the place of what is before. */
const styles = ['page', 'tables', 'charts', 'small', 'print'];

/** The style of every page; with that of the plots where there are some. */
export function style(withPlots: boolean): Html {
  const own = styles.map((name) => readFileSync(new URL(`${name}.css`, assets), 'utf8')).join('');
  const plots = withPlots ? readFileSync(resolve('uplot/dist/uPlot.min.css'), 'utf8') : '';
  return markup`<style>${trusted(plots + own)}</style>`;
}

/** What draws the plots, in the order in which it is to run. */
export function plotScripts(): Script[] {
  return [
    script(readFileSync(new URL('pixels.js', assets), 'utf8')),
    script(readFileSync(resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')),
    script(readFileSync(new URL('plots.js', assets), 'utf8')),
  ];
}

/** Code as an element. In it neither `</script` nor `<!--` may stand as they are. */
export function script(code: string): Script {
  const inline = code.replace(/<(?=\/script|!--)/gi, '\\x3c');
  const hash = createHash('sha256').update(inline).digest('base64');
  return { element: markup`<script>${trusted(inline)}</script>`, hash: `'sha256-${hash}'` };
}
