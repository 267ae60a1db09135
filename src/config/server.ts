import { z } from 'zod';
import { command, count, duration, name, path, program, text } from './fields.js';

/** The keys of which a server takes at most one; a password may also come from its option file. */
export const passwordKeys = ['password', 'passwordFile', 'passwordEnv', 'passwordCommand'] as const;

const passwordShape = {
  password: text()
    .exactOptional()
    .describe(
      'The password itself. Rather use one of the other three, so that this file holds no secret.',
    ),
  passwordFile: path()
    .exactOptional()
    .describe(
      'A file that holds the password and nothing else; others must not be able to read it.',
    ),
  passwordEnv: text().exactOptional().describe('The environment variable that holds the password.'),
  passwordCommand: command()
    .exactOptional()
    .describe(
      'A command that prints the password: a list, or a line split on white space. No shell.',
    ),
};

const tlsSchema = z.union([
  z.boolean(),
  z.strictObject({
    ca: path()
      .exactOptional()
      .describe('The authorities to trust, PEM. Default: those of the system.'),
    cert: path().exactOptional().describe('Our own certificate, PEM.'),
    key: path().exactOptional().describe('The key of our own certificate, PEM.'),
    verify: z.boolean().default(true).describe("Whether the server's certificate must be valid."),
    serverName: text()
      .exactOptional()
      .describe("The name to expect in the server's certificate, when it is not the host."),
  }),
]);

const serverShape = {
  host: text().exactOptional().describe('Name or address. Default: 127.0.0.1, unless socketPath.'),
  port: count(1).max(65_535).exactOptional().describe('TCP port. Default: 3306.'),
  socketPath: path().exactOptional().describe('The Unix socket, in place of host and port.'),
  user: text().exactOptional().describe('The account. Needed unless the option file names it.'),
  ...passwordShape,
  optionFile: path()
    .exactOptional()
    .describe('A MySQL option file to read host, port, socket, user and password from.'),
  optionGroup: text()
    .exactOptional()
    .describe('The group of the option file to read. Default: client.'),
  loginPath: text()
    .exactOptional()
    .describe('A login path of mysql_config_editor, read with my_print_defaults of MySQL.'),
  tls: tlsSchema
    .exactOptional()
    .describe('true: encrypt and verify; false: do not encrypt; or the files and names to use.'),
  connectTimeout: duration({ min: '100ms' })
    .prefault('10s')
    .describe('How long to wait for a connection.'),
};

/** The programs to run; each is looked up on the PATH under its usual names when it is not given. */
export const toolsSchema = z.strictObject({
  mysqldump: program().exactOptional().describe('mysqldump or mariadb-dump.'),
  mysql: program().exactOptional().describe('The mysql or mariadb client.'),
  mysqlbinlog: program()
    .exactOptional()
    .describe('mysqlbinlog or mariadb-binlog, for pair rejoin.'),
  mysqld: program().exactOptional().describe('mysqld or mariadbd, for the sandbox of a drill.'),
  zstd: program().exactOptional().describe('zstd.'),
  age: program().exactOptional().describe('age.'),
});

/** How to reach one server. */
export const serverSchema = z.strictObject(serverShape).superRefine(checkServer, { when });

/** One of several replicas of a pair. */
export const replicaSchema = z
  .strictObject({
    ...serverShape,
    preference: z
      .number()
      .multipleOf(1)
      .default(0)
      .describe('The healthy replica with the highest is paused; of equal ones the least behind.'),
    backups: z
      .boolean()
      .default(true)
      .describe('false: never paused, since this one is to take the place of the source.'),
  })
  .superRefine(checkServer, { when });

/** A server to restore into. */
export const targetSchema = z
  .strictObject({
    ...serverShape,
    tools: toolsSchema.prefault({}).describe('The programs that fit this server.'),
  })
  .superRefine(checkServer, { when });

/** The account a restored server attaches to the source with. */
export const replicationSchema = z
  .strictObject({ user: name().describe('The account on the source.'), ...passwordShape })
  .superRefine(checkPassword, { when });

/** The account that sets a pair up, promotes and rejoins. */
export const adminSchema = z
  .strictObject({ user: name().describe('The account on both servers.'), ...passwordShape })
  .superRefine(checkPassword, { when });

// Also when another key is wrong, so that one run names every mistake.
function when({ value }: { value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}

function checkServer(server: object, context: z.RefinementCtx): void {
  const fail = (key: string, message: string) =>
    context.addIssue({ code: 'custom', message, path: [key], input: server });
  if ('socketPath' in server)
    for (const key of ['host', 'port'])
      if (key in server) fail(key, `either ${key} or socketPath, not both`);
  if ('optionGroup' in server && !('optionFile' in server))
    fail('optionGroup', 'optionGroup needs optionFile');
  if ('optionFile' in server && 'loginPath' in server)
    fail('loginPath', 'either optionFile or loginPath, not both');
  if (!('user' in server) && !('optionFile' in server) && !('loginPath' in server))
    context.addIssue({
      code: 'custom',
      message: 'no option file could name it',
      params: { missing: 'user' },
      input: server,
    });
  checkPassword(server, context);
}

function checkPassword(server: object, context: z.RefinementCtx): void {
  const given = passwordKeys.filter((key) => key in server);
  const [first, second] = given;
  if (first === undefined || second === undefined) return;
  const message = `more than one password source: ${given.join(', ')}`;
  context.addIssue({ code: 'custom', message, path: [second], input: server });
}
