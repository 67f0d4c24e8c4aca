// A database on the volume: 200 durable transactions, then 50,000 rows in one, then 20,000 look-ups. Prints the
// milliseconds of the fastest of ten passes.
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

function pass() {
  const file = '/volume/bench.db';
  for (const suffix of ['', '-journal']) rmSync(file + suffix, { force: true });
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL)');
  const insert = database.prepare('INSERT INTO item (name, size) VALUES (?, ?)');
  for (let index = 0; index < 200; index += 1) insert.run(`durable ${index}`, index);
  database.exec('BEGIN');
  for (let index = 0; index < 50_000; index += 1) insert.run(`row ${index}`, index * 7);
  database.exec('COMMIT');
  const select = database.prepare('SELECT size FROM item WHERE id = ?');
  for (let index = 1; index <= 20_000; index += 1) {
    if (select.get(index * 2) === undefined) throw new Error(`row ${index * 2} is missing`);
  }
  database.close();
}

let fastest = Number.POSITIVE_INFINITY;
for (let round = 0; round < 10; round += 1) {
  const start = performance.now();
  pass();
  fastest = Math.min(fastest, performance.now() - start);
}
console.log(fastest.toFixed(3));
