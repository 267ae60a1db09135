/**
 * What `work` answers. Throws what it throws, and when it takes longer than so many seconds: then its signal
 * fires, and it is not waited for when it does not heed that.
 */
export async function within<T>(
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`it took longer than ${seconds} s`)),
    seconds * 1000,
  );
  const tooLate = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(late.signal.reason as Error));
  });
  try {
    return await Promise.race([work(late.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
