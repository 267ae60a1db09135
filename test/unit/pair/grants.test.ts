import { expect, test } from 'vitest';
import { globalPrivileges } from '../../../src/pair/grants.js';

// Lines as MySQL 5.7 to 9.7 and MariaDB 10.11 print them.
test.each([
  ['GRANT SELECT, SHOW VIEW ON *.* TO `u`@`%`', ['SELECT', 'SHOW VIEW']],
  ["GRANT USAGE ON *.* TO 'u'@'%'", ['USAGE']],
  ["GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION", ['ALL PRIVILEGES']],
  [
    "GRANT RELOAD, REPLICATION CLIENT, EVENT ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB, CD'",
    ['RELOAD', 'REPLICATION CLIENT', 'EVENT'],
  ],
  [
    'GRANT BACKUP_ADMIN,REPLICATION_SLAVE_ADMIN ON *.* TO `u`@`%`',
    ['BACKUP_ADMIN', 'REPLICATION_SLAVE_ADMIN'],
  ],
  [
    'GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO `u`@`%` REQUIRE SSL',
    ['BINLOG MONITOR', 'SLAVE MONITOR'],
  ],
  ['GRANT Select, Trigger ON *.* TO `u`@`%`', ['SELECT', 'TRIGGER']],
])('%s is global', (line, privileges) => {
  expect(globalPrivileges(line)).toEqual(privileges);
});

test.each([
  'GRANT SELECT ON `shop`.* TO `u`@`%`',
  'GRANT ALL PRIVILEGES ON `%`.* TO `u`@`%`',
  'GRANT SELECT (`a`, `b`) ON `shop`.`orders` TO `u`@`%`',
  'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`',
  'GRANT `backup`@`%` TO `u`@`%`',
  "GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION",
  'REVOKE SELECT ON `shop`.* FROM `u`@`%`',
  'SET DEFAULT ROLE `backup` FOR `u`@`%`',
  '',
])('%j is none', (line) => {
  expect(globalPrivileges(line)).toEqual([]);
});
