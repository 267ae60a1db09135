// Prepares a fresh checkout (packages, build), then runs the tests, the demo or the bench:
//   node test/run.js [test | demo | bench] [arguments…]
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [job = 'test', ...args] = process.argv.slice(2);

// The SDK of S3 speaks of the next Node on every start.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

function run(file, ...rest) {
  const { status, signal, error } = spawnSync(file, rest, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`cannot run ${file}: ${error.message}`);
  if (status !== 0) process.exit(signal ? 130 : (status ?? 1));
}

const installed = `${root}node_modules/.package-lock.json`;
const isStale =
  !existsSync(installed) ||
  statSync(installed).mtimeMs < statSync(`${root}package-lock.json`).mtimeMs;
// Not `npm ci`: it insists on the packages of every platform, which not every mirror has.
if (isStale) run('npm', 'install', '--no-save', '--loglevel=error');
run(process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
run(process.execPath, 'dist/cli/man/write.js');
run(process.execPath, '--import', 'tsx', `test/run/${job}.ts`, ...args);
