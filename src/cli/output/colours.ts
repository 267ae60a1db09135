import pc from 'picocolors';

/**
 * Colours for a terminal only: a file, a pipe and the log of a CI job get plain text. NO_COLOR and
 * FORCE_COLOR decide before that.
 */
function coloursOf(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const isOn = !NO_COLOR && ((stream.isTTY && TERM !== 'dumb') || Boolean(FORCE_COLOR));
  // Not passed on as it is: undefined, as isTTY is for a file, would mean "decide yourself".
  return pc.createColors(isOn ? true : false);
}

export const stdoutColours = coloursOf(process.stdout);
export const stderrColours = coloursOf(process.stderr);
