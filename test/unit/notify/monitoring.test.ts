import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/config/parse.js';
import { lastRunOf, lastSuccessOf } from '../../../src/notify/figures.js';
import { metricsText } from '../../../src/notify/metrics.js';
import { goodBackup, goodDrill } from '../../support/outcomes.js';

const read = async (name: string) =>
  await readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** The labels of every metric that we write; those of the scrape come on top. */
async function written(): Promise<Map<string, string[]>> {
  const outcomes = [goodBackup(), goodDrill()];
  const text = await metricsText(
    outcomes.map((one) => lastRunOf(one)!),
    outcomes.map((one) => lastSuccessOf(one)!),
  );
  const samples = [...text.matchAll(/^(stillpoint_\w+)\{(.*)\} /gm)];
  return new Map(
    samples.map(([, name, labels]) => [
      name!,
      ['instance', ...[...labels!.matchAll(/(\w+)="/g)].map(([, label]) => label!)],
    ]),
  );
}

const namesIn = (text: string) => text.match(/stillpoint_\w+/g) ?? [];

interface Rule {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}

test('every metric and label that an alert names is written', async () => {
  const metrics = await written();
  const document = parse(await read('monitoring/alerts.yaml')) as { groups: { rules: Rule[] }[] };
  const rules = document.groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(5);
  for (const { alert, expr, annotations } of rules) {
    const [first, ...more] = namesIn(expr);
    for (const name of [first!, ...more]) expect(metrics.has(name), `${alert}: ${name}`).toBe(true);
    const words = Object.values(annotations).join(' ');
    const shown = [...words.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    const matched = [...expr.matchAll(/[{,]\s*(\w+)=/g)].map(([, label]) => label);
    for (const label of [...shown, ...matched])
      expect(metrics.get(first!), `${alert}: ${label}`).toContain(label);
  }
});

test('every metric that the dashboard shows is written', async () => {
  const metrics = await written();
  const text = await read('monitoring/grafana.json');
  const { panels } = JSON.parse(text) as {
    panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
  };
  for (const name of namesIn(text)) expect([...metrics.keys()]).toContain(name);
  for (const { title, targets } of panels)
    for (const { expr, legendFormat } of targets)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect(metrics.get(namesIn(expr)[0]!), title).toContain(label);
});

test('the page for operators names every metric, and none that is not', async () => {
  const metrics = await written();
  const page = await read('monitoring.md');
  const table = [...page.matchAll(/^\| `(stillpoint_\w+)`/gm)].map(([, name]) => name!);
  expect(table.toSorted()).toEqual([...metrics.keys()].toSorted());
});

test('the examples of the page are right', async () => {
  const page = await read('monitoring.md');
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
  const own = examples.filter((text) => text.includes('notify:'));
  expect(own.length).toBeGreaterThan(4);
  const server = { host: 'h', user: 'u' };
  for (const text of own) {
    const { notify, pairs } = parse(text) as { notify?: unknown; pairs?: { shop: object } };
    const document = {
      pairs: { shop: { source: server, replica: server, ...pairs?.shop } },
      stores: { main: { type: 'file', path: '/srv' } },
      ...(notify === undefined ? {} : { notify }),
    };
    const parsing = () =>
      parseConfig(JSON.stringify(document), { shown: 'example', directory: '/etc' });
    expect(parsing, text).not.toThrow();
  }
});
