import { setTimeout as sleep } from 'node:timers/promises';
import type { RigServer } from '../rig/index.js';

const names = ['Ada', 'Grace', 'Linus', 'Margaret', 'Ken', 'Barbara', 'Dennis', 'Radia'];

/** Makes a sample shop of some ten thousand orders. */
export async function loadShop(source: RigServer): Promise<void> {
  await source.query(`
    CREATE DATABASE shop CHARACTER SET utf8mb4;
    USE shop;
    CREATE TABLE customer (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(60) NOT NULL, email VARCHAR(120) NOT NULL, since DATE NOT NULL);
    CREATE TABLE product (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(60) NOT NULL, price DECIMAL(10,2) NOT NULL, stock INT NOT NULL, about JSON);
    CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer INT NOT NULL, placed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, total DECIMAL(12,2) NOT NULL, KEY (customer), FOREIGN KEY (customer) REFERENCES customer (id));
    CREATE TABLE order_line (orders INT NOT NULL, product INT NOT NULL, amount INT NOT NULL, note VARCHAR(200), PRIMARY KEY (orders, product), FOREIGN KEY (orders) REFERENCES orders (id), FOREIGN KEY (product) REFERENCES product (id));
    CREATE VIEW revenue AS SELECT c.name, SUM(o.total) AS total FROM orders o JOIN customer c ON c.id = o.customer GROUP BY c.name;
    CREATE TRIGGER sold AFTER INSERT ON order_line FOR EACH ROW UPDATE product SET stock = stock - NEW.amount WHERE id = NEW.product;
    CREATE PROCEDURE restock(IN least INT) UPDATE product SET stock = stock + 1000 WHERE stock < least;
  `);
  const rows = (count: number, row: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => `(${row(i + 1)})`).join(',');
  await source.query(
    `INSERT INTO shop.customer (name, email, since) VALUES ${rows(2000, (i) => `'${names[i % names.length] ?? ''} ${i}', 'c${i}@example.com', '2020-01-01' + INTERVAL ${i % 1500} DAY`)}`,
  );
  await source.query(
    `INSERT INTO shop.product (name, price, stock, about) VALUES ${rows(500, (i) => `'Product ${i}', ${(i * 37) % 200}.95, 100000, '{"colour": "blue", "weight": ${i}}'`)}`,
  );
  await source.query(
    `INSERT INTO shop.orders (customer, total) VALUES ${rows(20_000, (i) => `${(i % 2000) + 1}, ${i % 300}.50`)}`,
  );
  await source.query(
    `INSERT INTO shop.order_line (orders, product, amount, note) SELECT id, (id * 7) % 500 + 1, id % 5 + 1, REPEAT(UUID(), 3) FROM shop.orders`,
  );
}

/** Places orders, one after another, until it is stopped. */
export function startOrders(source: RigServer): {
  placed: () => number;
  stop: () => Promise<void>;
} {
  let placed = 0;
  const state = { stopped: false };
  const work = (async () => {
    const connection = await source.connect();
    while (!state.stopped) {
      const customer = (placed % 2000) + 1;
      await connection.query(
        `BEGIN; INSERT INTO shop.orders (customer, total) VALUES (${customer}, 9.95); INSERT INTO shop.order_line VALUES (LAST_INSERT_ID(), ${(placed % 500) + 1}, 1, 'demo'); COMMIT`,
      );
      placed += 1;
      await sleep(5);
    }
    await connection.end();
  })();
  return {
    placed: () => placed,
    async stop() {
      state.stopped = true;
      await work;
    },
  };
}

/** The checksum of every table of the shop. */
export async function shopChecksums(server: RigServer): Promise<Map<string, string>> {
  const rows = await server.query<{ Table: string; Checksum: number }>(
    'CHECKSUM TABLE shop.customer, shop.product, shop.orders, shop.order_line',
  );
  return new Map(rows.map((row) => [row.Table, String(row.Checksum)]));
}
