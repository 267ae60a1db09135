export {
  ageText,
  bytesText,
  clockText,
  countText,
  nameText,
  rateText,
  secondsText,
  timeText,
} from '../../util/text.js';

/** Lines of `name   value`, the values under each other. */
export function fieldsText(fields: readonly (readonly [string, string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
