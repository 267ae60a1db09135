/** Milliseconds for which something that a command has left open may keep its process. */
const grace = 10_000;

/**
 * Ends the process some time after its command has, whatever was left open by a fault of ours: a run of cron that
 * never ends is looked at by nobody. Output that its reader has not taken yet is waited for. A process that has
 * nothing open ends before, by itself.
 */
export function endLater(milliseconds = grace): void {
  const timer = setInterval(() => {
    const { stdout, stderr } = process;
    if (stdout.writableLength > 0 || stderr.writableLength > 0) return;
    const open = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout');
    stderr.write(
      `stillpoint: ended with ${open.join(', ') || 'a timer'} left open: a fault of stillpoint, the command itself has ended before\n`,
    );
    process.exit();
  }, milliseconds);
  timer.unref();
}
