import { describe, expect, test } from 'vitest';
import { keepLog, tailOf } from '../../../src/notify/log.js';
import { failureOf, verdictOf } from '../../../src/notify/outcome.js';
import { slackMessage } from '../../../src/notify/slack.js';
import { documentOf } from '../../../src/notify/webhook.js';
import { StillpointError } from '../../../src/errors.js';
import { secret } from '../../../src/util/redact.js';
import { failedBackup, goodBackup, sampleProof, sampleRecord } from '../../support/outcomes.js';

const clock = { now: () => new Date('2026-11-22T02:30:00Z'), seconds: () => 0 };

describe('the log', () => {
  test('keeps the last hundred lines', () => {
    const log = keepLog(clock);
    for (let i = 0; i < 150; i++) log.event({ type: 'part', key: `p${i}` });
    log.event({ type: 'bytes', plain: 1, stored: 1 });
    log.line('two\nlines');
    const lines = log.lines();
    expect(lines).toHaveLength(100);
    expect(lines[0]).toBe('02:30:00 done p52');
    expect(lines.slice(-2)).toEqual(['02:30:00 two', '02:30:00 lines']);
  });

  test('shows no secret', () => {
    const log = keepLog(clock);
    log.event({ type: 'warning', text: `it said ${secret('pa55word')}` });
    expect(log.lines()).toEqual(['02:30:00 warning: it said ***']);
  });

  test('is cut to whole lines of so many bytes', () => {
    expect(tailOf(['aaaa', 'öö', 'c'], 7)).toBe('öö\nc\n');
    expect(tailOf(['aaaa', 'öö', 'c'], 6)).toBe('c\n');
    expect(tailOf([], 6)).toBe('');
  });
});

describe('an outcome', () => {
  test('of what was thrown', () => {
    expect(failureOf(new StillpointError('not-resumed', 'a', { hint: 'b' }))).toEqual({
      status: 'failed',
      exit: 20,
      error: { code: 'not-resumed', message: 'a', hint: 'b' },
    });
    expect(failureOf(new TypeError('x'))).toMatchObject({
      exit: 1,
      error: { code: 'failed', message: 'x', hint: null },
    });
    expect(failureOf(new StillpointError('locked', 'a'))).toMatchObject({ status: 'skipped' });
  });

  test('of what was returned', () => {
    expect(verdictOf(sampleRecord)).toEqual({ status: 'succeeded', exit: 0, error: null });
    expect(verdictOf(undefined)).toMatchObject({ status: 'succeeded' });
    expect(verdictOf({ ...sampleProof, status: 'failed', reason: null })).toMatchObject({
      status: 'failed',
      exit: 13,
    });
  });

  test('is one JSON document without secrets', () => {
    const hidden = secret('quo"ted');
    const document = documentOf(failedBackup({ log: [`a ${hidden} b`] }));
    expect(JSON.parse(document)).toMatchObject({ log: ['a *** b'], exit: 10 });
  });
});

describe('the message for Slack', () => {
  test('of a failure', () => {
    const error = {
      code: 'failed',
      message: 'a <b> & <!channel>',
      hint: 'see `stillpoint doctor`',
    };
    const { text } = slackMessage(failedBackup({ error: { ...error, code: 'failed' }, exit: 1 }));
    expect(text).toBe(
      [
        '*stillpoint: backup of shop FAILED* on backup1, after 2 min 1 s',
        'a &lt;b&gt; &amp; &lt;!channel&gt; (failed, exit 1)',
        '_hint:_ see `stillpoint doctor`',
      ].join('\n'),
    );
  });

  test('of a good backup', () => {
    const record = { ...sampleRecord, warnings: ['no rows of x.y'] };
    const lines = slackMessage(goodBackup({ record })).text.split('\n');
    expect(lines[0]).toBe('*stillpoint: backup of shop succeeded* on backup1, after 2 min 1 s');
    expect(lines[1]).toMatch(
      /^20261122T023000Z-nightly-\w{6}: 41\.\d GB of SQL, 6\.\d GB stored, paused 3 min 47 s$/,
    );
    expect(lines[2]).toBe('_warning:_ no rows of x.y');
  });
});
