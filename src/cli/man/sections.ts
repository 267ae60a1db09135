import { exitStatus } from '../../errors.js';

type Section = readonly [heading: string, paragraphs: readonly string[]];

const meanings: Readonly<Record<keyof typeof exitStatus, string>> = {
  failed: 'It failed; the replica was resumed.',
  usage: 'The command line is wrong, or nobody could be asked.',
  config: 'The configuration is wrong.',
  partial: 'Of several pairs some failed.',
  refused: 'A gate refused before anything was touched.',
  locked: 'Another run holds the lock on this replica.',
  'no-such-backup': 'No backup has this id or label.',
  verification: 'What is stored or restored is not what was dumped.',
  'not-resumed': 'The replica could not be resumed: a person must act now.',
  interrupted: 'Ended by SIGINT; a paused replica was resumed first.',
  terminated: 'Ended by SIGTERM or SIGHUP; a paused replica was resumed first.',
};

const codes = Object.entries(exitStatus) as [keyof typeof exitStatus, number][];

/** What the command tree does not say, before and after the commands. */
export const sections: Readonly<Record<'before' | 'after', readonly Section[]>> = {
  before: [
    [
      'DESCRIPTION',
      [
        'stillpoint pauses the SQL thread of a replica of MySQL or MariaDB, records the coordinates, runs mysqldump against data that stands still, streams the dump to S3 or a folder, and lets replication go on. Then it proves the backup by restoring it.',
        'Replication goes on after any end of a run: the replica itself holds the promise to resume. A backup is listed only once all of it is stored and nothing has moved.',
        'Wherever a backup is asked for, it is its id, a label (the newest that has it) or latest.',
      ],
    ],
  ],
  after: [
    [
      'EXIT STATUS',
      ['  0:  Done.', ...codes.map(([code, status]) => `  ${status} ${code}:  ${meanings[code]}`)],
    ],
    [
      'ENVIRONMENT',
      [
        '  STILLPOINT_CONFIG:  The configuration, where -c names none.',
        '  STILLPOINT_STATE_DIR:  Where the journal of pauses lies.',
        '  NO_COLOR, FORCE_COLOR:  No colours, or colours also where there is no terminal.',
        '  AWS_*:  Credentials and region of a store in S3, as the AWS SDK reads them.',
      ],
    ],
    [
      'FILES',
      [
        'The configuration is the first of these that is there:',
        '  ./stillpoint.yaml:  In the current directory.',
        '  $XDG_CONFIG_HOME/stillpoint/config.yaml:  By default below ~/.config.',
        '  /etc/stillpoint/config.yaml:  For the whole machine.',
        'The journal lies in /var/lib/stillpoint for root, else in $XDG_STATE_HOME/stillpoint.',
      ],
    ],
    ['SEE ALSO', ['mysqldump(1), mariadb-dump(1), zstd(1), age(1)']],
  ],
};
