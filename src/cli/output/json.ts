/** Items of a long array in one piece. */
const together = 100;

/** The text of `JSON.stringify(value, null, 2)` in pieces, so that a long array is never one text in memory. */
export function* jsonPieces(value: unknown): Generator<string> {
  if (!Array.isArray(value) || value.length <= together) {
    yield JSON.stringify(value, null, 2);
    return;
  }
  const items: readonly unknown[] = value;
  for (let start = 0; start < items.length; start += together) {
    // Without its brackets and the line break before the last one.
    const text = JSON.stringify(items.slice(start, start + together), null, 2).slice(1, -2);
    const isLast = start + together >= items.length;
    yield `${start === 0 ? '[' : ','}${text}${isLast ? '\n]' : ''}`;
  }
}
