import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkHost, lookUpUser } from '../../src/config/check-host.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { BatonConfig } from '../../src/config/schema.ts';
import { readSecretFile } from '../../src/config/secret-file.ts';

const uid = process.getuid?.() ?? 0;
const binDir = '/usr/lib/postgresql/15/bin';
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-config-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function aSecret(content: string, mode = 0o600): string {
  const path = join(directory, 'secret');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}
function aConfig(change: (postgres: Record<string, unknown>) => void = () => {}): BatonConfig {
  const secret = aSecret('s3cret\n');
  const postgres: Record<string, unknown> = {
    binDir,
    dataDir: join(directory, 'data'),
    listen: '127.0.0.1:5432',
    superuser: { passwordFile: secret },
    replication: { passwordFile: secret },
    ...(uid === 0 ? { runAs: 'postgres' } : {}),
  };
  change(postgres);
  const file = {
    cluster: 'c',
    member: { name: 'a', location: 'x' },
    etcd: { endpoints: ['http://127.0.0.1:2379'] },
    postgres,
    api: { listen: '127.0.0.1:8008' },
    state: join(directory, 'state'),
  };
  const result = parseConfig(JSON.stringify(file), {});
  if (!result.ok || result.value.role !== 'data') throw new Error(JSON.stringify(result));
  return result.value.config;
}
const problems = async (config: BatonConfig) =>
  (await checkHost(config)).map(({ path, problem, mend }) => `${path}: ${problem} | ${mend}`);

describe('a secret is the first line of a file that only its owner can read', () => {
  test('without its line end, whatever follows', async () => {
    expect(await readSecretFile(aSecret('s3cret \r\nsecond\n'), [uid])).toEqual({ ok: true, value: 's3cret ' });
    expect(await readSecretFile(aSecret('s3cret', 0o400), [uid])).toEqual({ ok: true, value: 's3cret' });
  });
  test('a link to such a file will do', async () => {
    symlinkSync(aSecret('s3cret'), join(directory, 'link'));
    expect(await readSecretFile(join(directory, 'link'), [uid])).toEqual({ ok: true, value: 's3cret' });
  });
  const refused: readonly (readonly [says: string, make: () => string, expected: RegExp])[] = [
    ['readable by the group', () => aSecret('s3cret', 0o640), /mode 0640\) \| chmod 0600/],
    ['readable by everybody', () => aSecret('s3cret', 0o604), /mode 0604\)/],
    ['an empty first line', () => aSecret('\ns3cret'), /empty first line/],
    ['an empty file', () => aSecret(''), /empty first line/],
    ['a first line without end', () => aSecret('s3cret'.repeat(1000)), /longer than 4096 bytes/],
    ['a directory', () => directory, /not a regular file/],
    ['nothing there', () => join(directory, 'none'), /cannot be read \(ENOENT\) \| create it/],
    [
      'a FIFO, without waiting for its writer',
      () => {
        execFileSync('mkfifo', ['-m', '0600', join(directory, 'fifo')]);
        return join(directory, 'fifo');
      },
      /not a regular file/,
    ],
  ];
  for (const [says, make, expected] of refused)
    test(`refused: ${says}`, async () => {
      const result = await readSecretFile(make(), [uid]);
      const text = result.ok ? 'accepted' : `${result.error.problem} | ${result.error.mend}`;
      expect(text).toMatch(expected);
      expect(text).not.toContain('s3cret');
    });
  test.runIf(uid === 0)("refused: somebody else's file", async () => {
    const path = aSecret('s3cret');
    chownSync(path, 65_534, 65_534);
    expect(await readSecretFile(path, [104])).toMatchObject({
      ok: false,
      error: { problem: expect.stringContaining('user id 65534') },
    });
    expect(await readSecretFile(path, [65_534])).toEqual({ ok: true, value: 's3cret' });
  });
});

describe('this host has what the configuration names', () => {
  test('nothing to say about a good one', async () => expect(await problems(aConfig())).toEqual([]));
  test('programs that are missing are named', async () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    for (const program of ['postgres', 'initdb', 'pg_basebackup', 'pg_controldata'])
      symlinkSync(join(binDir, program), join(bin, program));
    expect(
      await problems(
        aConfig((postgres) => {
          postgres.binDir = bin;
        }),
      ),
    ).toEqual([expect.stringMatching(/^postgres\.binDir: .* has no pg_rewind, pg_waldump \| install/)]);
  });
  test('a PostgreSQL that Baton does not know is refused with its version', async () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    for (const program of ['initdb', 'pg_basebackup', 'pg_controldata', 'pg_rewind', 'pg_waldump'])
      symlinkSync(join(binDir, program), join(bin, program));
    writeFileSync(join(bin, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 9.6.24"\n', { mode: 0o755 });
    expect(
      await problems(
        aConfig((postgres) => {
          postgres.binDir = bin;
        }),
      ),
    ).toEqual([expect.stringMatching(/^postgres\.binDir: .*9\.6\.24.* \| name a PostgreSQL 14 to 18/)]);
  });
  test('a user that does not exist is refused', async () => {
    expect(
      await problems(
        aConfig((postgres) => {
          postgres.runAs = 'nobody-like-this';
        }),
      ),
    ).toEqual([expect.stringMatching(/^postgres\.runAs: there is no user nobody-like-this/)]);
    expect(await lookUpUser('root')).toEqual({ ok: true, value: { uid: 0, gid: 0 } });
  });
  test.runIf(uid === 0)('root must name the user that PostgreSQL runs as, and not itself', async () => {
    expect(
      await problems(
        aConfig((postgres) => {
          delete postgres.runAs;
        }),
      ),
    ).toEqual([expect.stringMatching(/^postgres\.runAs: is missing, and batond runs as root/)]);
    expect(
      await problems(
        aConfig((postgres) => {
          postgres.runAs = 'root';
        }),
      ),
    ).toEqual([expect.stringMatching(/^postgres\.runAs: is root/)]);
  });
  test('a data directory that is a file and a state directory that others can change', async () => {
    writeFileSync(join(directory, 'data'), '');
    mkdirSync(join(directory, 'state'));
    chmodSync(join(directory, 'state'), 0o777);
    expect(await problems(aConfig())).toEqual([
      expect.stringMatching(/^postgres\.dataDir: .* is not a directory/),
      expect.stringMatching(/^state: .* can be changed by others \| chmod go-w/),
    ]);
  });
  test('all problems come together', async () => {
    const config = aConfig((postgres) => {
      postgres.superuser = { passwordFile: join(directory, 'none') };
      postgres.binDir = directory;
    });
    expect((await checkHost(config)).map(({ path }) => path)).toEqual([
      'postgres.superuser.passwordFile',
      'postgres.binDir',
    ]);
  });
});
