/** Characters that keys are often made of, for as long as little is known of a table's own. */
const usual = Array.from('0123456789abcdefghijklmnopqrstuvwxyz -_./:@');
const capitals = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');

/** Values that teach enough of what characters a column's keys are made of. */
const enough = 16;
/** Code points tried between the first and the last key's, for the scripts of the world. */
const steps = 24;

/**
 * Texts that may lie between two, in whatever order the column's collation has: what both begin with,
 * and each character that may come next. Knows nothing of collations; who asks tries them all. At
 * least as many as one place has characters, else about `wanted`.
 */
export function keysBetween(
  first: string,
  last: string,
  wanted: number,
  seen: readonly string[],
  ignoresCase: boolean,
): string[] {
  const a = Array.from(first);
  const b = Array.from(last);
  const shared = sharedCharacters(first, last, ignoresCase);
  const next = nextCharacters(a[shared] ?? ' ', b[shared] ?? ' ', [...seen, first, last], {
    ignoresCase,
  });
  const prefix = a.slice(0, shared).join('');
  const texts = next.map((character) => prefix + character);
  // Near the first and the last key the next place may already tell more.
  if (texts.length * 3 <= wanted) {
    for (const near of [a, b]) {
      const longer = near.slice(0, shared + 1).join('');
      texts.push(...next.map((character) => longer + character));
    }
  }
  return texts;
}

/** How many characters two texts begin with alike, or so but for case and accents. */
export function sharedCharacters(one: string, other: string, ignoresCase: boolean): number {
  const a = Array.from(one);
  const b = Array.from(other);
  const differs = a.findIndex((character, i) => {
    const against = b[i] ?? '';
    return character !== against && !(ignoresCase && folded(character) === folded(against));
  });
  return differs === -1 ? a.length : differs;
}

function nextCharacters(
  from: string,
  to: string,
  seen: readonly string[],
  { ignoresCase }: { ignoresCase: boolean },
): string[] {
  const characters = new Set<string>(seen.slice(-200).flatMap((text) => Array.from(text)));
  if (seen.length < enough) for (const one of usual) characters.add(one);
  if (seen.length < enough && !ignoresCase) for (const one of capitals) characters.add(one);
  const [low = 0, high = 0] = [codePoint(from), codePoint(to)].sort((x, y) => x - y);
  if (high > 0x7f) {
    for (let i = 0; i <= steps; i += 1) {
      const point = low + Math.round(((high - low) * i) / steps);
      if (point < 0xd800 || point > 0xdfff) characters.add(String.fromCodePoint(point));
    }
  }
  const distinct = ignoresCase ? onePerLetter(characters) : [...characters];
  return thinned(distinct.sort((x, y) => codePoint(x) - codePoint(y)));
}

/** Most characters tried at one place. */
const most = 70;

function thinned(characters: readonly string[]): string[] {
  const step = Math.max(1, characters.length / most);
  return characters.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

function onePerLetter(characters: Iterable<string>): string[] {
  return [...new Map([...characters].map((one) => [folded(one), one])).values()];
}

/** A character without its case and accents. */
function folded(character: string): string {
  return (Array.from(character.normalize('NFD'))[0] ?? '').toLowerCase();
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
