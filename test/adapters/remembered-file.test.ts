import { deepEqual } from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { rememberFiles } from '../../src/adapters/remembered-file.ts';
import { minute, type MonoMs, monoMs, second, type WallMs } from '../../src/core/units.ts';

const directory = mkdtempSync(join(tmpdir(), 'baton-remembered-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'file');

/** Notes every content that the file was read with. `aheadMs`: how long ago all files were written, as far as it knows. */
function aReader(aheadMs: number = minute) {
  const contents: (string | null)[] = [];
  const now = { mono: monoMs(0) as MonoMs };
  const parse = (content: string | null) => {
    contents.push(content);
    return content;
  };
  const clock = { mono: () => now.mono, wall: () => (Date.now() + aheadMs) as WallMs };
  const read = rememberFiles<{ readonly it: string | null }>(directory, { it: ['file', parse] }, clock);
  return { contents, now, read: async () => (await read()).it };
}

const replace = (content: string) => {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
};

test('a file that has not changed for a while is read once', async () => {
  replace('one');
  const { contents, now, read } = aReader();
  deepEqual([await read(), await read()], ['one', 'one']);
  now.mono = monoMs(2 * second);
  deepEqual(await read(), 'one');
  deepEqual(contents, ['one']);
});

test('one that was replaced is read again at once, even by one of the same size and the same times', async () => {
  replace('one');
  const { read } = aReader();
  deepEqual(await read(), 'one');
  const { atime, mtime } = statSync(path);
  writeFileSync(`${path}.new`, 'two');
  utimesSync(`${path}.new`, atime, mtime);
  renameSync(`${path}.new`, path);
  deepEqual(await read(), 'two');
});

test('one that was written over in its place is read again within a second', async () => {
  replace('one');
  const { now, read } = aReader();
  deepEqual(await read(), 'one');
  writeFileSync(path, 'two');
  now.mono = monoMs(1 * second);
  deepEqual(await read(), 'two');
});

test('what changed lately is read every time: the times of two changes may be the same', async () => {
  replace('one');
  const { contents, read } = aReader(0);
  await read();
  await read();
  deepEqual(contents, ['one', 'one']);
});

test('a file that is gone is gone at once, and is there again at once', async () => {
  replace('one');
  const { read } = aReader();
  await read();
  rmSync(path);
  deepEqual(await read(), null);
  writeFileSync(path, 'back');
  deepEqual(await read(), 'back');
});
