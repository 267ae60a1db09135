import pc from 'picocolors';

/**
 * Colours for a terminal only: a file, a pipe and the log of a CI job get plain text. NO_COLOR and
 * FORCE_COLOR decide before that.
 */
function coloursOf(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return pc.createColors(false);
  return pc.createColors(Boolean(FORCE_COLOR) || (stream.isTTY && TERM !== 'dumb'));
}

export const stdoutColours = coloursOf(process.stdout);
export const stderrColours = coloursOf(process.stderr);
