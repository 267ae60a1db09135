// What is part of the plan, or would break a promise: stop replication or purge binary logs, hide an
// error, drop rows, move the output, lose the trailer, show a secret.
const ours = [
  ...['dump-slave', 'dump-replica', 'delete-master-logs', 'delete-source-logs', 'flush-logs'],
  ...['master-data', 'source-data', 'apply-slave-statements', 'apply-replica-statements'],
  ...['set-gtid-purged', 'gtid', 'lock-tables', 'lock-all-tables', 'single-transaction'],
  ...['force', 'ignore-error', 'log-error', 'init-command', 'comments', 'compact', 'compatible'],
  ...['where', 'ignore-table', 'ignore-database', 'ignore-views', 'no-data', 'no-data-med'],
  ...['no-create-info', 'no-create-db', 'triggers', 'routines', 'events', 'system', 'users'],
  ...['all-databases', 'databases', 'tables', 'replace', 'insert-ignore', 'add-drop-database'],
  ...['result-file', 'tab', 'dir', 'xml', 'wildcards', 'as-of', 'default-character-set'],
  ...['host', 'port', 'socket', 'protocol', 'pipe', 'user', 'password', 'password1', 'password2'],
  ...['password3', 'defaults-file', 'defaults-extra-file', 'defaults-group-suffix', 'defaults'],
  ...['print-defaults', 'login-path', 'login-paths', 'help', 'version', 'debug'],
];

/**
 * What is wrong with an argument that is to be passed on to mysqldump, null when nothing is. It must be
 * a long option that is not ours to set. MySQL takes `_` for `-`, prefixes like `skip-`, and any beginning
 * that only one option has: so a beginning of one of ours is refused too.
 */
export function refuseArgument(argument: string): string | null {
  const [, name] = /^--([a-z][\w-]*)(=.*)?$/is.exec(argument) ?? [];
  if (name === undefined) return 'expected an option like --hex-blob, its value after "="';
  const plain = name
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^((loose|skip|enable|disable|maximum|no)-)+/, '');
  const refused = [name, plain].some((word) => ours.some((option) => option.startsWith(word)));
  return refused ? `--${name} is not among those that may be passed on to mysqldump` : null;
}
