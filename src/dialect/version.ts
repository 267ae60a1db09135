/** The two families of servers. Percona Server counts as MySQL. */
export type Flavour = 'mysql' | 'mariadb';

export interface Version {
  flavour: Flavour;
  major: number;
  minor: number;
  patch: number;
  /** What the server said, for people: `10.11.19-MariaDB-0+deb12u1`. */
  text: string;
}

/**
 * Reads the answer of `SELECT VERSION()` and `@@version_comment`. MariaDB may hide behind a `5.5.5-`
 * prefix. Returns null for anything that is no version.
 */
export function parseVersion(text: string, comment = ''): Version | null {
  const flavour: Flavour = /mariadb/i.test(`${text} ${comment}`) ? 'mariadb' : 'mysql';
  const bare = flavour === 'mariadb' ? text.replace(/^5\.5\.5-(?=\d)/, '') : text;
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(bare);
  if (!found) return null;
  return {
    flavour,
    major: Number(found[1]),
    minor: Number(found[2]),
    patch: Number(found[3] ?? 0),
    text,
  };
}

/** Whether `version` is `major.minor.patch` or newer. */
export function atLeast(version: Version, major: number, minor = 0, patch = 0): boolean {
  const wanted = [major, minor, patch];
  const have = [version.major, version.minor, version.patch];
  for (const [i, part] of have.entries()) {
    const other = wanted[i] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}
