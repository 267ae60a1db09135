/**
 * Runs two works side by side with one signal. The first failure ends the other and is what this
 * throws, once both have settled.
 */
export async function together<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const failed = new AbortController();
  const inside = AbortSignal.any([signal, failed.signal]);
  const orEnd = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    await work(inside).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  const works = [orEnd(one), orEnd(other)] as const;
  await Promise.allSettled(works);
  inside.throwIfAborted();
  return await Promise.all(works);
}
