import { chromium, type Browser } from 'playwright-core';
import { aptInstall, which } from './tools.js';

/** Nothing of a browser's own may ask for the network, or for a graphics card. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const findOnPath = (): string | null => which('chromium') ?? which('chromium-browser');

/** The path of Chromium; installed where that may be done (Debian, as root). Throws what is missing. */
export async function findBrowser(say: (line: string) => void = () => undefined): Promise<string> {
  const mayInstall = process.getuid?.() === 0 && which('apt-get') !== null;
  if (findOnPath() === null && mayInstall) await aptInstall(['chromium'], say);
  const found = findOnPath();
  if (found === null) throw new Error('chromium is missing: apt-get install chromium');
  return found;
}

/** A Chromium without a window, with a profile of its own that goes with it. The caller closes it. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: await findBrowser(), args: quiet });
}
