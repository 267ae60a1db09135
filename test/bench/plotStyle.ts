/**
 * Colours for both kinds of page. A picture takes no colour from the page around it, so it asks the
 * reader's system itself; in HTML of one's own, `color` on the <svg> is overruled likewise.
 */
export const style = `
svg { color: #1f2328; --faint: #59636e; --other: #b1bac4; --ours: #1a7f5a; --pause: #cf5b00;
  font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { color: #f0f6fc; --faint: #9198a1; --other: #57606a; --ours: #3fb98a; --pause: #f0883e; }
}
text { fill: currentColor; }
.title { font-size: 15px; font-weight: 600; }
.note { fill: var(--faint); font-size: 12px; }
.end { text-anchor: end; }
.label { text-anchor: end; }
.strong { font-weight: 600; }
.value { font-variant-numeric: tabular-nums; }
.pauseValue { fill: var(--pause); text-anchor: end; font-size: 12px; font-variant-numeric: tabular-nums; }
.other { fill: var(--other); }
.ours { fill: var(--ours); }
.pause { fill: var(--pause); }
`;

/** A text as XML has it. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
