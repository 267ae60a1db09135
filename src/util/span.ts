const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** A number of seconds in the largest unit that says it exactly: `10 d`, `36 h`, `90 s`. */
export function secondsSpan(seconds: number): string {
  const [name, size] = units.find(([, length]) => seconds > 0 && seconds % length === 0) ?? [
    's',
    1,
  ];
  return `${seconds / size} ${name}`;
}
