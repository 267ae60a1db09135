import fc from 'fast-check';

const within = (min: number, max: number) => fc.integer({ min, max });

/** A field of a cron expression: `*`, a step, a list, a range, a range with a step. */
function field(min: number, max: number): fc.Arbitrary<string> {
  const range = fc
    .tuple(within(min, max), within(min, max))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    within(2, 12).map((step) => `*/${step}`),
    fc.array(within(min, max), { minLength: 1, maxLength: 4 }).map((list) => list.join(',')),
    range,
    fc.tuple(range, within(1, 5)).map(([all, step]) => `${all}/${step}`),
  );
}

/** A day that is no step of `*`, which we refuse beside another. */
const listed = (min: number, max: number) =>
  field(min, max).filter((text) => !text.startsWith('*/'));

/** Any cron expression that comes true, at the latest in a leap year. */
export const anyCron = fc
  .tuple(field(0, 59), field(0, 23), listed(1, 28), field(1, 12), listed(0, 7))
  .map((fields) => fields.join(' '));
