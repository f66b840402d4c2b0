/** What batond refuses before anything is started: exit 2, the key's path, what is wrong and the mend, nothing left. */
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aLoneHost, binDir, type LoneHost, type Written } from '../support/lone-host.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

type Case = readonly [says: string, prepare: (host: LoneHost) => void, ...expected: RegExp[]];
const isRoot = process.getuid?.() === 0;

const writing =
  (change: (config: Written) => void) =>
  (host: LoneHost): void =>
    host.configure(change);

/** A directory of PostgreSQL's programs in which `postgres` says that it is of another version. */
function pretend(host: LoneHost, version: string): string {
  host.place('bin/postgres', `#!/bin/sh\necho "postgres (PostgreSQL) ${version}"\n`, 0o755);
  for (const program of ['initdb', 'pg_basebackup', 'pg_controldata', 'pg_rewind', 'pg_waldump'])
    host.place(`bin/${program}`, `#!/bin/sh\nexec ${binDir}/${program} "$@"\n`, 0o755);
  return join(host.directory, 'bin');
}

const cases: readonly Case[] = [
  [
    'an unknown key, with the one that was probably meant',
    writing((config) => {
      config.postgres.dataDri = '/x';
    }),
    /batond\.yaml:\d+: postgres\.dataDri: unknown key\n\s+did you mean dataDir\?/,
  ],
  [
    'a duration in the wrong unit',
    writing((config) => {
      config.shared = { lease: { ttl: 5 } };
    }),
    /shared\.lease\.ttl: .*\n\s+.*like (250ms|5s)/,
  ],
  [
    'a size where a duration belongs',
    writing((config) => {
      config.shared = { failover: { hang: '16MiB' } };
    }),
    /shared\.failover\.hang: /,
  ],
  [
    "a ttl that does not outlive an election of etcd's",
    writing((config) => {
      config.shared = { lease: { ttl: '3s' }, guardian: { silent: '1s' } };
    }),
    /shared\.lease\.ttl: 3s does not outlive an etcd election.*\n\s+make it at least 4s/,
  ],
  [
    'the default ttl where etcd elects slowly',
    writing((config) => {
      config.etcd.electionTimeout = '5s';
    }),
    /shared\.lease\.ttl: 5s does not outlive.*\n\s+make it at least 14s/,
  ],
  [
    'a heartbeat of a second',
    writing((config) => {
      config.shared = { lease: { heartbeat: '1s' } };
    }),
    /shared\.lease\.heartbeat: is not below 1s.*\n\s+make it 250ms/,
  ],
  ['a file that is not YAML', writing((config) => Object.assign(config, { raw: 'cluster: [a\n' })), /not YAML/],
  [
    'a secret file that is not there',
    writing((config) => {
      config.postgres.superuser.passwordFile = '/nowhere/secret';
    }),
    /postgres\.superuser\.passwordFile: \/nowhere\/secret cannot be read \(ENOENT\)\n\s+create it.*mode 0600/,
  ],
  [
    'a secret file that the world can read',
    (host) => chmodSync(join(host.directory, 'replication.password'), 0o644),
    /postgres\.replication\.passwordFile: .*can be read by others \(mode 0644\)\n\s+chmod 0600/,
  ],
  [
    'programs that are not there',
    writing((config) => {
      config.postgres.binDir = '/usr/lib/postgresql/99/bin';
    }),
    /postgres\.binDir: \/usr\/lib\/postgresql\/99\/bin has no postgres, initdb, .*\n\s+install PostgreSQL/,
  ],
  [
    'a PostgreSQL that is too old',
    (host) => {
      const dir = pretend(host, '12.22');
      host.configure((config) => {
        config.postgres.binDir = dir;
      });
    },
    /postgres\.binDir: .*PostgreSQL\) 12\.22.*\n\s+name a PostgreSQL 14 to 18/,
  ],
  [
    'data that another major version made',
    (host) => {
      host.place('data/PG_VERSION', '15\n');
      chmodSync(join(host.directory, 'data'), 0o700);
      chownSync(join(host.directory, 'data'), host.owner.uid, host.owner.gid);
      const dir = pretend(host, '16.4');
      host.configure((config) => {
        config.postgres.binDir = dir;
      });
    },
    /postgres\.binDir: .* PostgreSQL 16.* data.* PostgreSQL 15\n\s+name the directory of PostgreSQL 15/,
  ],
  [
    'a data directory that holds something else than a database',
    (host) => {
      host.place('data/payroll.csv', 'precious\n');
      chownSync(join(host.directory, 'data'), host.owner.uid, host.owner.gid);
    },
    /postgres\.dataDir: .*data is not empty and holds no PostgreSQL data\n\s+move what is there away/,
  ],
  [
    'a data directory that is a link, which a clone would replace',
    (host) => {
      mkdirSync(join(host.directory, 'disk'), { mode: 0o700 });
      chownSync(join(host.directory, 'disk'), host.owner.uid, host.owner.gid);
      symlinkSync(join(host.directory, 'disk'), join(host.directory, 'data'));
      host.expect('disk', 'data');
    },
    /postgres\.dataDir: .*data is a link.*\n\s+name what it points to/,
  ],
  [
    'directories that nobody but root can make',
    writing((config) => {
      config.postgres.dataDir = '/usr/lib/data';
      config.state = '/usr/lib/baton/state';
    }),
    /postgres\.dataDir: \/usr\/lib cannot be written by user id/,
    /state: \/usr\/lib cannot be written by user id/,
  ],
  [
    'a state directory in the data directory, which a clone replaces',
    writing((config) => {
      config.state = join(config.postgres.dataDir, 'state');
    }),
    /: state: is in the data directory/,
  ],
  [
    'a member name that cannot be one',
    writing((config) => {
      config.member.name = 'Slough A';
    }),
    /member\.name: not a name\n\s+expected: .*lower-case/,
  ],
  [
    'all of it at once, not one per attempt',
    writing((config) => {
      config.state = 'relative';
      config.shared = { lease: { heartbeat: '2m' }, sinchronous: {} };
    }),
    /: state: is not an absolute path/,
    /shared\.lease\.heartbeat: /,
    /shared\.sinchronous: unknown key\n\s+did you mean synchronous\?/,
  ],
];

async function refuses(host: LoneHost, expected: readonly RegExp[], asRoot = false): Promise<void> {
  const { code, stdout, stderr } = await host.run([], { asRoot });
  for (const pattern of expected) expect(stderr).toMatch(pattern);
  expect({ code, stdout, ...host.left() }).toEqual({ code: 2, stdout: '', processes: [], paths: [] });
  expect(stderr).not.toMatch(/planted|\n\s+at /); // Neither a secret nor a stack.
}

describe.concurrent('batond refuses, with exit code 2 and before anything is started', () => {
  for (const [says, prepare, ...expected] of cases)
    test(says, async () => {
      await using host = await aLoneHost();
      prepare(host);
      await refuses(host, expected);
    });

  test('a configuration file that is not there', async () => {
    await using host = await aLoneHost();
    const { code, stderr } = await host.run(['--config', '/nowhere/baton.yaml']);
    expect(stderr).toMatch(/\/nowhere\/baton\.yaml: cannot be read.*\n\s+name a readable file with --config/);
    expect({ code, ...host.left() }).toEqual({ code: 2, processes: [], paths: [] });
  });

  test('an option that it does not know', async () => {
    await using host = await aLoneHost();
    expect((await host.run(['--chekc'])).code).toBe(2);
  });
});

describe.runIf(isRoot)('started as root, batond refuses', () => {
  const asPostgres = (config: Written): void => {
    config.postgres.runAs = 'postgres';
  };
  const rooted: readonly Case[] = [
    [
      'to run PostgreSQL as root',
      () => undefined,
      /postgres\.runAs: is missing, and batond runs as root.*\n\s+name the user/,
    ],
    [
      'a user that is not there',
      writing((config) => {
        config.postgres.runAs = 'nobody-of-this-name';
      }),
      /postgres\.runAs: there is no user nobody-of-this-name on this host/,
    ],
    [
      'a state directory that the user cannot write',
      (host) => {
        host.place('state/keep', '');
        chownSync(join(host.directory, 'state'), 0, 0);
        host.configure(asPostgres);
      },
      /state: .*state belongs to user id 0, not to postgres\n\s+chown/,
    ],
    [
      'a data directory of somebody else',
      (host) => {
        host.place('data/PG_VERSION', '15\n');
        chownSync(join(host.directory, 'data'), 0, 0);
        host.configure(asPostgres);
      },
      /postgres\.dataDir: .*data belongs to user id 0, not to postgres\n\s+chown/,
    ],
    [
      "a secret of etcd's that the guardian could not read again",
      (host) => {
        chownSync(host.place('etcd.password', 'Etcd-planted\n'), 0, 0);
        host.configure((config) => {
          asPostgres(config);
          config.etcd.auth = { username: 'baton', passwordFile: join(host.directory, 'etcd.password') };
        });
      },
      /etcd\.auth\.passwordFile: .*belongs to root, and the guardian reads it as postgres\n\s+chown/,
    ],
  ];
  for (const [says, prepare, ...expected] of rooted)
    test(says, async () => {
      await using host = await aLoneHost();
      prepare(host);
      await refuses(host, expected, true);
    });
});

test.runIf(isRoot)('batond refuses a data directory that is a mount point, which a clone cannot replace', async () => {
  await using host = await aLoneHost();
  const data = join(host.directory, 'data');
  mkdirSync(data);
  host.expect('data');
  await using _ = await mountSmallDisk(data, '1m', host.owner);
  await refuses(host, [/postgres\.dataDir: .*data is a mount point.*\n\s+name a directory in it, like .*data\/data/]);
});

describe('batond --check', () => {
  test('says that nothing is wrong, and makes nothing', async () => {
    await using host = await aLoneHost();
    const { code, stdout, stderr } = await host.run(['--check']);
    expect({ code, stdout, stderr, ...host.left() }).toEqual({
      code: 0,
      stdout: `${host.configFile}: nothing wrong\n`,
      stderr: '',
      processes: [],
      paths: [],
    });
  });

  test('refuses what a start would refuse', async () => {
    await using host = await aLoneHost();
    host.configure((config) => {
      config.member.priorty = 1;
    });
    const { code, stdout, stderr } = await host.run(['--check']);
    expect({ code, stdout, ...host.left() }).toEqual({ code: 2, stdout: '', processes: [], paths: [] });
    expect(stderr).toMatch(/member\.priorty: unknown key\n\s+did you mean priority\?/);
  });

  test('warns of a variable that names no key, and is not stopped by it', async () => {
    await using host = await aLoneHost();
    const { code, stderr } = await host.run(['--check'], { env: { BATON_MEMBER_NAEM: 'b' } });
    expect(code).toBe(0);
    expect(stderr).toMatch(/BATON_MEMBER_NAEM/);
  });
});
