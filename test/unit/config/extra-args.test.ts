import { expect, test } from 'vitest';
import { refuseArgument } from '../../../src/config/extra-args.js';

test.each([
  '--hex-blob',
  '--max-allowed-packet=1G',
  '--max_allowed_packet=1G',
  '--column-statistics=0',
  '--no-tablespaces',
  '--net-buffer-length=16M',
  '--skip-extended-insert',
  '--skip-tz-utc',
  '--dump-date',
  '--flush-privileges',
  '--compress',
  '--order-by-primary',
])('%s may be passed on', (argument) => {
  expect(refuseArgument(argument)).toBeNull();
});

test.each([
  '--dump-slave',
  '--dump-slave=2',
  '--dump-replica',
  '--dump_replica',
  '--dump-re',
  '--DUMP-REPLICA',
  '--loose-dump-slave',
  '--master-data=1',
  '--delete-source-logs',
  '--force',
  '--forc',
  '--enable-force',
  '--ignore-table=a.b',
  '--where=1=0',
  '--skip-comments',
  '--skip-triggers',
  '--no-data',
  '--result-file=/x',
  '--password=x',
  '--pass=x',
  '--defaults-file=x',
  '--no-defaults',
  '--no-login-paths',
  '--set-gtid-purged=OFF',
])('%s may not', (argument) => {
  expect(refuseArgument(argument)).toContain('is not among those that may be passed on');
});

test.each(['', '-f', '-pfoo', 'world', '--', '-- --force', '--=x', ' --hex-blob'])(
  '%j is no long option',
  (argument) => {
    expect(refuseArgument(argument)).toBe(
      'expected an option like --hex-blob, its value after "="',
    );
  },
);

test('a password in a refused argument is not repeated', () => {
  expect(refuseArgument('--password=tops3cret')).not.toContain('tops3cret');
});
