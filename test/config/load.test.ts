import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Environment } from '../../src/config/environment.ts';
import { configKeys, loadConfig, parseConfig } from '../../src/config/load.ts';
import { problemText } from '../../src/config/problem.ts';

/** The smallest file that is complete, with changes: a value, or undefined to take a key out. */
function aFile(changes: Readonly<Record<string, unknown>> = {}): string {
  const file: Record<string, unknown> = {
    cluster: 'domain-1',
    member: { name: 'slough-a', location: 'slough' },
    etcd: { endpoints: ['http://127.0.0.1:2379'] },
    postgres: {
      binDir: '/usr/lib/postgresql/15/bin',
      dataDir: '/var/lib/baton/domain-1',
      listen: '127.0.0.11:5432',
      superuser: { passwordFile: '/etc/baton/superuser' },
      replication: { passwordFile: '/etc/baton/replication' },
    },
    api: { listen: '127.0.0.11:8008' },
  };
  for (const [path, value] of Object.entries(changes)) {
    const parts = path.split('.');
    let section = file;
    for (const part of parts.slice(0, -1)) {
      section[part] ??= {};
      section = section[part] as Record<string, unknown>;
    }
    section[parts.at(-1) as string] = value;
  }
  return stringify(file);
}
const load = (changes: Readonly<Record<string, unknown>>, env: Environment = {}) => parseConfig(aFile(changes), env);
function loaded(changes: Readonly<Record<string, unknown>>, env: Environment = {}) {
  const result = load(changes, env);
  if (!result.ok) throw new Error(problemText('test', result.error));
  if (result.value.role !== 'data') throw new Error('an observer has none of what is asked for');
  return result.value;
}
function problems(changes: Readonly<Record<string, unknown>>, env: Environment = {}) {
  const result = load(changes, env);
  return result.ok ? [] : result.error.map(({ path, problem, mend }) => `${path}: ${problem} | ${mend}`);
}

describe('every example is a configuration', () => {
  for (const file of ['domain-1', 'two-hosts/slough-a', 'two-hosts/reading-b', 'two-hosts/london-o'])
    test(file, () => {
      const result = loadConfig(`config/examples/${file}.yaml`, {});
      expect(result.ok ? result.value.warnings : problemText(file, result.error)).toEqual([]);
    });
  test('the two hosts differ only in who and where they are', () => {
    const [a, b] = ['slough-a', 'reading-b'].map((name) => loadConfig(`config/examples/two-hosts/${name}.yaml`, {}));
    if (!a?.ok || !b?.ok || a.value.role !== 'data' || b.value.role !== 'data')
      throw new Error('an example does not load');
    expect(a.value.sharedText).toBe(b.value.sharedText);
    expect(a.value.config.etcd).toEqual(b.value.config.etcd);
    expect(a.value.config.member.name).not.toBe(b.value.config.member.name);
    expect(a.value.config.postgres.listen).not.toEqual(b.value.config.postgres.listen);
  });
});

describe('defaults are those of the timings table', () => {
  const { config } = loaded({});
  test('timings', () => {
    expect(config.shared).toMatchObject({
      lease: { ttl: 5_000, heartbeat: 250, margin: 500 },
      guardian: { orphan: 10_000, silent: 2_000 },
      probe: { interval: 1_000, deadline: 500, doubtInterval: 100, doubtDeadline: 300, writeInterval: 300 },
      failover: {
        profile: 'fast',
        refusedConfirm: 100,
        failsafeWindow: 1_500,
        coldStartWait: 10_000,
        maxLag: 1_048_576,
        crashBudget: { count: 3, windowMs: 600_000 },
        cooldown: { count: 3, windowMs: 3_600_000 },
      },
      synchronous: { mode: 'available' },
      fence: { remote: true },
    });
  });
  test('the rest', () => {
    expect(config).toMatchObject({
      state: '/var/lib/baton',
      member: { priority: 100 },
      etcd: { namespace: '/service' },
      log: { level: 'info', format: 'json' },
      ledger: { keep: 3_650 * 86_400_000, maxSize: 128 * 1024 ** 2 },
    });
  });
  test('what goes to etcd holds only what the file says', () => {
    expect(loaded({}).sharedText).toBe('{}');
    expect(loaded({ 'shared.lease.ttl': '7s' }).sharedText).toBe('{"lease":{"ttl":"7s"}}');
  });
});

test('every key is documented', () => {
  const bare = [...configKeys]
    .filter(([path, doc]) => doc.text === '' && !/(\[\]|\*)$/.test(path))
    .map(([path]) => path);
  expect(bare).toEqual([]);
});

describe('one wrong thing is refused with its path and the mend', () => {
  const cases: readonly (readonly [says: string, changes: Record<string, unknown>, expected: RegExp])[] = [
    ['a missing key', { 'member.location': undefined }, /^member\.location: is missing \| expected: the data centre/],
    ['a missing section', { api: undefined }, /^api: is missing \| /],
    [
      'a misspelt key names the nearest known one',
      { 'member.pririty': 3 },
      /^member\.pririty: unknown key \| did you mean priority\?$/,
    ],
    [
      'a key in the wrong place is told where it belongs',
      { ttl: '5s' },
      /^ttl: unknown key \| did you mean shared\.lease\.ttl\?$/,
    ],
    [
      'an unknown key like no other gets the list',
      { 'log.colour': 1 },
      /^log\.colour: unknown key \| remove it; known here: level, format$/,
    ],
    ['a cluster name with capitals', { cluster: 'Domain1' }, /^cluster: not a name \| /],
    ['a name of 21 characters', { 'member.name': 'a23456789012345678901' }, /^member\.name: not a name \| /],
    [
      'a duration without a unit',
      { 'shared.failover.hang': 1500 },
      /^shared\.failover\.hang: "1500" is not a duration \| .*250ms/,
    ],
    [
      'a ledger smaller than two of its files',
      { 'ledger.maxSize': '31MiB' },
      /^ledger\.maxSize: 31MiB is out of range \| write a size from 32MiB to 512MiB/,
    ],
    [
      'a ledger that takes long to read at every start',
      { 'ledger.maxSize': '1GiB' },
      /^ledger\.maxSize: 1GiB is out of range \| /,
    ],
    [
      'a ledger that forgets before etcd does',
      { 'ledger.keep': '90d' },
      /^ledger\.keep: 90d is out of range \| write a duration from 400d to 36500d/,
    ],
    [
      'a ledger kept for years in a unit that is none',
      { 'ledger.keep': '10y' },
      /^ledger\.keep: "10y" is not a duration \| write a duration from 400d/,
    ],
    [
      'a misspelt key of the ledger',
      { 'ledger.maxsize': '64MiB' },
      /^ledger\.maxsize: unknown key \| did you mean maxSize\?$/,
    ],
    [
      'a decimal size',
      { 'shared.failover.maxLag': '1MB' },
      /^shared\.failover\.maxLag: "1MB" is not a size \| .*16MiB/,
    ],
    [
      'a budget without a window',
      { 'shared.failover.cooldown': '3' },
      /^shared\.failover\.cooldown: "3" is not a budget \| .*3 in 10m/,
    ],
    [
      'a ttl below an etcd election',
      { 'shared.lease.ttl': '3s', 'shared.guardian.silent': '1s' },
      /^shared\.lease\.ttl: 3s does not outlive an etcd election.*2500ms.* \| make it at least 4s/,
    ],
    [
      'a ttl below a slow etcd election',
      { 'etcd.electionTimeout': '2s' },
      /^shared\.lease\.ttl: 5s does not outlive .* \| make it at least 6s/,
    ],
    ['a ttl that is not whole seconds', { 'shared.lease.ttl': '5500ms' }, /^shared\.lease\.ttl: is not whole seconds/],
    ['a heartbeat of a second', { 'shared.lease.heartbeat': '1s' }, /^shared\.lease\.heartbeat: is not below 1s/],
    [
      'a margin shorter than a fence',
      { 'shared.lease.margin': '300ms' },
      /^shared\.lease\.margin: is not longer than .* \| make it at least 350ms/,
    ],
    [
      'an orphan time below the ttl',
      { 'shared.guardian.orphan': '4s' },
      /^shared\.guardian\.orphan: is shorter than lease\.ttl \(5s\)/,
    ],
    [
      'a guardian silent for longer than its lease lasts',
      { 'shared.guardian.silent': '4500ms' },
      /^shared\.guardian\.silent: is not shorter than lease\.ttl - lease\.margin/,
    ],
    [
      'write probes too rare for the stream',
      { 'shared.probe.writeInterval': '400ms' },
      /^shared\.probe\.writeInterval: .* \| make it at most 333ms/,
    ],
    [
      'a hang shorter than two probes',
      { 'shared.failover.hang': '500ms' },
      /^shared\.failover\.hang: .* \| make it at least 700ms/,
    ],
    [
      'a failsafe window of two probes',
      { 'shared.failover.failsafeWindow': '600ms' },
      /^shared\.failover\.failsafeWindow: .* \| make it at least 900ms/,
    ],
    [
      'a cold start that does not wait for the ttl',
      { 'shared.failover.coldStartWait': '1s' },
      /^shared\.failover\.coldStartWait: /,
    ],
    ['no port', { 'api.listen': '127.0.0.1' }, /^api\.listen: "127\.0\.0\.1" is not host:port/],
    [
      'an address that nobody can dial',
      { 'postgres.listen': '0.0.0.0:5432' },
      /^postgres\.listen: is every interface.* \| .*connect/,
    ],
    ['a relative directory', { 'postgres.dataDir': 'data' }, /^postgres\.dataDir: is not an absolute path/],
    ['state in the data directory', { state: '/var/lib/baton/domain-1/state' }, /^state: is in the data directory/],
    ['state and data directory in one', { state: '/var/lib/baton/domain-1/' }, /^state: is in the data directory/],
    ['a state path too long for a socket', { state: `/${'x'.repeat(90)}` }, /^state: is longer than 77 bytes/],
    [
      'a setting that Baton sets, in any case',
      { 'postgres.parameters.Synchronous_Commit': 'off' },
      /^postgres\.parameters\.Synchronous_Commit: is set by Baton \| remove it; what a commit waits for/,
    ],
    [
      'a setting with a line break',
      { 'postgres.parameters.work_mem': "1\nport = '1'" },
      /^postgres\.parameters\.work_mem: has a line break/,
    ],
    ['a setting that is none', { 'postgres.parameters.a=b': 1 }, /is not the name of a setting/],
    [
      'too few walsenders',
      { 'postgres.parameters.max_wal_senders': 2 },
      /^postgres\.parameters\.max_wal_senders: is too small/,
    ],
    [
      'an hba line of two lines',
      { 'postgres.hba': ['host all all all trust\nlocal all all trust'] },
      /^postgres\.hba\[0\]: has a line break/,
    ],
    ['https without a CA', { 'etcd.endpoints': ['https://etcd:2379'] }, /^etcd\.tls: is missing/],
    [
      'a certificate without a key',
      { 'etcd.endpoints': ['https://etcd:2379'], 'etcd.tls': { ca: '/ca', cert: '/c' } },
      /^etcd\.tls: has only one of cert and key/,
    ],
    ['a role that there is not', { 'member.role': 'witness' }, /^member\.role: neither data nor observer/],
    [
      'a password in the file',
      { 'postgres.superuser.password': 'hunter2' },
      /^postgres\.superuser\.password: unknown key \| did you mean passwordFile\?/,
    ],
  ];
  for (const [says, changes, expected] of cases)
    test(says, () => {
      const found = problems(changes);
      expect(found).toEqual([expect.stringMatching(expected)]);
      expect(found.join()).not.toContain('hunter2');
    });
});

describe('sites and contracts', () => {
  const site = { id: 'st-marys', name: "St Mary's" };
  const contract = { id: 'c-1', customer: 'Trust', sites: ['st-marys'], zone: 'Europe/London', rto: '30m' };
  const withContracts = (...contracts: unknown[]) =>
    problems({ 'shared.sites': [site], 'shared.contracts': contracts });
  const cases: readonly (readonly [says: string, contracts: unknown[], expected: RegExp | null])[] = [
    ['a plain contract', [contract], null],
    [
      'an unknown site',
      [{ ...contract, sites: ['st-mary'] }],
      /^shared\.contracts\[0\]\.sites\[0\]: there is no site st-mary \| name one of: st-marys$/,
    ],
    ['no time zone', [{ ...contract, zone: 'London' }], /^shared\.contracts\[0\]\.zone: not a time zone/],
    ['an offset is no time zone', [{ ...contract, zone: '+01:00' }], /zone: not a time zone/],
    [
      'two versions in force together',
      [contract, { ...contract, version: 2 }],
      /^shared\.contracts\[1\]\.id: .*versions 1 and 2 in force together/,
    ],
    [
      'a version that ends where the next begins',
      [
        { ...contract, validTo: '2008-04-01T00:00:00Z' },
        { ...contract, version: 2, validFrom: '2008-04-01T00:00:00Z' },
      ],
      null,
    ],
    [
      'an end before the beginning',
      [{ ...contract, validFrom: '2009-01-01T00:00:00Z', validTo: '2008-01-01T00:00:00Z' }],
      /validTo: ends before it begins/,
    ],
    [
      'hours over midnight',
      [{ ...contract, hours: { mon: '22:00-06:00' } }],
      /hours\.mon: .*two parts, one on each day/,
    ],
    [
      'a day with two hours',
      [{ ...contract, hours: { 'mon-fri': '08:00-18:00', wed: 'closed' } }],
      /hours\.wed: wed has hours already/,
    ],
    [
      'bands out of order',
      [
        {
          ...contract,
          availability: { target: 99.9 },
          credits: [
            { below: 99, credit: 5 },
            { below: 99.5, credit: 10 },
          ],
        },
      ],
      /credits\[1\]\.below: is not below the band before it/,
    ],
    ...[0, -1, 100.1, '99.9'].map((target): (typeof cases)[number] => [
      `an impossible target, ${target}`,
      [{ ...contract, availability: { target, per: 'month' } }],
      /^shared\.contracts\[0\]\.availability\.target: /,
    ]),
    ['a target of 100', [{ ...contract, availability: { target: 100 } }], null],
    ...['-4h', '4', '32d'].map((cap): (typeof cases)[number] => [
      `a cap of ${cap}`,
      [{ ...contract, maintenance: { notice: '7d', cap } }],
      /^shared\.contracts\[0\]\.maintenance\.cap: /,
    ]),
    ...['-7d', '36h'].map((notice): (typeof cases)[number] => [
      `a notice of ${notice}`,
      [{ ...contract, maintenance: { notice, cap: '4h' } }],
      /^shared\.contracts\[0\]\.maintenance\.notice: /,
    ]),
    ['an rto that is negative', [{ ...contract, rto: '-1s' }], /^shared\.contracts\[0\]\.rto: /],
    ['an rpo that is negative', [{ ...contract, rpo: { bytes: '-1B' } }], /^shared\.contracts\[0\]\.rpo\.bytes: /],
    ['a version that is none', [{ ...contract, version: 0 }], /^shared\.contracts\[0\]\.version: /],
    ['no instant', [{ ...contract, validFrom: '2008-04-01' }], /^shared\.contracts\[0\]\.validFrom: not an instant/],
    [
      'a day that no calendar has',
      [{ ...contract, holidays: ['2008-02-30'] }],
      /^shared\.contracts\[0\]\.holidays\[0\]/,
    ],
    [
      'a holiday that is named twice',
      [{ ...contract, holidays: ['2008-12-25', { date: '2008-12-25', hours: '09:00-12:00' }] }],
      /^shared\.contracts\[0\]\.holidays\[1\]: 2008-12-25 is named twice/,
    ],
    [
      'credits for an availability that nobody promised',
      [{ ...contract, credits: [{ below: 99, credit: 5 }] }],
      /^shared\.contracts\[0\]\.credits: no availability is promised/,
    ],
    [
      'a credit for a target that was met',
      [{ ...contract, availability: { target: 99.5 }, credits: [{ below: 99.9, credit: 5 }] }],
      /^shared\.contracts\[0\]\.credits\[0\]\.below: is above the target, 99\.5/,
    ],
    [
      'a window of hours',
      [{ ...contract, availability: { target: 99.9, per: '36h' } }],
      /availability\.per: not whole days/,
    ],
  ];
  for (const [says, contracts, expected] of cases)
    test(says, () =>
      expect(withContracts(...contracts)).toEqual(expected === null ? [] : [expect.stringMatching(expected)]),
    );

  test.each<[says: string, services: unknown, expected: RegExp | null]>([
    ['what it uses', [{ name: 'patient records', weight: 3 }, { name: 'pharmacy' }], null],
    ['a weight of nothing', [{ name: 'pharmacy', weight: 0 }], /^shared\.sites\[0\]\.services\[0\]\.weight: /],
    [
      'a service twice',
      [{ name: 'pharmacy' }, { name: 'pharmacy', weight: 2 }],
      /^shared\.sites\[0\]\.services\[1\]\.name: pharmacy is named twice/,
    ],
  ])('a site with %s', (_says, services, expected) => {
    const found = problems({ 'shared.sites': [{ ...site, services }] });
    expect(found).toEqual(expected === null ? [] : [expect.stringMatching(expected)]);
  });

  test('a contract is read in the words of the core', () => {
    const { config } = loaded({
      'shared.sites': [site],
      'shared.contracts': [
        {
          ...contract,
          hours: { 'sat-sun': '09:00-12:00' },
          rpo: { bytes: '1MiB', time: '5s' },
          availability: { target: 99.9, per: '30d' },
          holidays: ['2008-12-25'],
        },
      ],
    });
    expect(config.shared.contracts[0]).toEqual({
      id: 'c-1',
      version: 1,
      customer: 'Trust',
      sites: ['st-marys'],
      timeZone: 'Europe/London',
      serviceHours: {
        kind: 'weekly',
        days: {
          mon: [],
          tue: [],
          wed: [],
          thu: [],
          fri: [],
          sat: [{ fromMinute: 540, toMinute: 720 }],
          sun: [{ fromMinute: 540, toMinute: 720 }],
        },
      },
      holidays: [{ date: '2008-12-25', hours: [] }],
      rtoMs: 1_800_000,
      rpoBytes: 1_048_576,
      rpoMs: 5_000,
      detectionMs: null,
      availability: { targetPercent: 99.9, window: { kind: 'rolling', days: 30 } },
      exclusions: { maintenance: null },
      creditBands: [],
      validFrom: null,
      validTo: null,
      channels: [],
      reportChannels: null,
    });
  });
});

describe('the environment wins over the file', () => {
  test('text, number, duration, list with commas and list as YAML', () => {
    const env = {
      BATON_MEMBER_NAME: 'reading-b',
      BATON_MEMBER_PRIORITY: '7',
      BATON_SHARED_LEASE_TTL: '9s',
      BATON_MEMBER_TAGS_NOFAILOVER: 'true',
      BATON_ETCD_ENDPOINTS: 'http://a:1, http://b:2',
      BATON_POSTGRES_HBA: '["host all all ::1/128 trust"]',
      BATON_POSTGRES_PARAMETERS: '{work_mem: 1MB}',
    };
    const { config, sharedText } = loaded({}, env);
    expect(config.member).toMatchObject({ name: 'reading-b', priority: 7, tags: { nofailover: true } });
    expect(config.shared.lease.ttl).toBe(9_000);
    expect(config.etcd.endpoints).toEqual(['http://a:1', 'http://b:2']);
    expect(config.postgres).toMatchObject({ hba: ['host all all ::1/128 trust'], parameters: { work_mem: '1MB' } });
    expect(sharedText).toBe('{"lease":{"ttl":"9s"}}');
  });
  test('a text that looks like a number stays text', () => {
    expect(loaded({}, { BATON_MEMBER_LOCATION: '42' }).config.member.location).toBe('42');
  });
  test('a wrong value is refused like one in the file', () => {
    expect(problems({}, { BATON_SHARED_LEASE_TTL: '5' })).toEqual([
      expect.stringMatching(/^shared\.lease\.ttl: "5" is not a duration/),
    ]);
    expect(problems({}, { BATON_MEMBER_PRIORITY: '{' })).toEqual([
      expect.stringMatching(/^BATON_MEMBER_PRIORITY: is not YAML/),
    ]);
  });
  test('a variable that names no key is a warning with the nearest one', () => {
    const { warnings } = loaded({}, { BATON_MEMBER_NAM: 'x', BATON_RIG: '1', BATON_CONFIG: '/x', PATH: '/bin' });
    expect(warnings).toEqual([
      { path: 'BATON_MEMBER_NAM', problem: 'names no key and is ignored', mend: 'did you mean BATON_MEMBER_NAME?' },
    ]);
  });
});

describe('a file that cannot be read as one', () => {
  test('all problems are reported at once, each with its line, in the order of the file', () => {
    const text = [
      'cluster: X',
      'member: {name: a}',
      'etcd: {endpoints: [], colour: red}',
      'state: relative',
      'shared:',
      '  lease: {ttl: 5}',
    ].join('\n');
    const result = parseConfig(text, {});
    const found = result.ok ? [] : result.error.map(({ path, line }) => `${line} ${path}`);
    expect(found).toEqual([
      'null postgres',
      'null api',
      '1 cluster',
      '2 member.location',
      '3 etcd.endpoints',
      '3 etcd.colour',
      '4 state',
      '6 shared.lease.ttl',
    ]);
  });
  const cases: readonly (readonly [says: string, text: string, expected: RegExp])[] = [
    ['no YAML', 'cluster: [', /^test:1: not YAML: /],
    ['a key given twice', 'cluster: a\ncluster: b', /^test:2: not YAML: .*unique/],
    ['a list', '- a', /^test: is not a list of keys and values/],
    [
      'too many aliases',
      `a: &a [1]\nb: [${'*a,'.repeat(200)}]\nc: &b [*a,*a,*a,*a]\nd: [${'*b,'.repeat(200)}]`,
      /alias/,
    ],
  ];
  for (const [says, text, expected] of cases)
    test(says, () => {
      const result = parseConfig(text, {});
      expect(result.ok ? '' : problemText('test', result.error)).toMatch(expected);
    });
  test('an empty file lists what is missing', () => {
    const result = parseConfig('', {});
    expect(result.ok ? [] : result.error.map(({ path }) => path)).toEqual([
      'cluster',
      'member',
      'etcd',
      'postgres',
      'api',
    ]);
  });
  test('a file that is not there is named', () => {
    const result = loadConfig('/nonexistent/baton.yaml', {});
    expect(result.ok ? [] : result.error[0]).toMatchObject({
      problem: expect.stringContaining('/nonexistent/baton.yaml'),
      mend: expect.stringContaining('--config'),
    });
  });
});
