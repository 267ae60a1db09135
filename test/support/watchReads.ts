/**
 * A value that knows which of its keys were never read. A check that is made from a schema reads every
 * key that the schema has; those it has not read are unknown to it, whether or not it minds.
 */
export function watchReads<T extends object>(value: T): { watched: T; unread: () => string[] } {
  const unread = new Set<string>();
  const seen = new Map<string, object>();
  const watch = <V extends object>(inner: V, path: string): V => {
    const before = seen.get(path) as V | undefined;
    if (before) return before;
    for (const key of Object.keys(inner)) unread.add(`${path}/${key}`);
    const proxy = new Proxy(inner, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        const below = `${path}/${String(key)}`;
        unread.delete(below);
        return typeof found === 'object' && found !== null ? watch(found, below) : found;
      },
    });
    seen.set(path, proxy);
    return proxy;
  };
  return { watched: watch(value, ''), unread: () => [...unread] };
}
