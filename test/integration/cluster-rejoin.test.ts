import { readIncidents } from '../../scripts/rig/daemon-facts.ts';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signalOne } from '../../scripts/rig/processes.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton } from '../../scripts/rig/run-baton.ts';
import { connect } from '../../scripts/rig/writable-session.ts';
import { expectIntact, goesOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import type { EvidenceBundle } from '../../src/core/sla/evidence/bundle.ts';
import { readJsonKey, readKey } from '../support/etcd-keys.ts';
import { sqlOn, valueOn } from '../support/member-sql.ts';
import { type Pair, redundantPair } from '../support/redundant-pair.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster();
  const { leader } = await redundantPair(rig);
  await sqlOn(rig, leader, 'CREATE TABLE diverged (what text)');
});
afterAll(() => rig?.stopAll());

const copyOf = async (member: string) => (await readJsonKey(rig, `members/${member}`))['copy_id'];
const divergedOf = (member: string): readonly string[] => {
  const directory = join(rig.member(member).files.stateDir, 'diverged');
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
};
/** Data directories that were replaced and kept. */
const keptOf = (member: string): readonly string[] => {
  const { dataDir } = rig.member(member).files;
  return readdirSync(dirname(dataDir)).filter((name) => name.startsWith(`${basename(dataDir)}.old-`));
};
const identifierOf = (member: string) =>
  valueOn(rig, member, 'SELECT system_identifier::text FROM pg_control_system()');

/**
 * The primary dies with a commit that its standby never received: its walsender stands still while a client that waits
 * for nobody commits. Ends when the other one serves.
 */
async function diverge({ leader, standby }: Pair, what: string): Promise<void> {
  const endpoint = rig.clientEndpoints().find(({ name }) => name === leader);
  const session = endpoint === undefined ? null : await connect(endpoint, 5_000, true);
  if (session === null) throw new Error(`${leader} takes no writes`);
  try {
    await session.client.query('SET synchronous_commit = local');
    const sender = await session.client.query<{ pid: number }>('SELECT pid FROM pg_stat_replication');
    signalOne(sender.rows[0]?.pid ?? 0, 'SIGSTOP');
    await session.client.query('INSERT INTO diverged VALUES ($1)', [what]);
  } finally {
    session.drop();
  }
  await rig.killNode(leader);
  await rig.waitFor(
    `${standby} out of recovery`,
    40_000,
    async () => valueOn(rig, standby, 'SELECT NOT pg_is_in_recovery()').catch(() => false) as Promise<boolean>,
  );
}

const isThere = async (member: string, what: string) =>
  (await valueOn(rig, member, 'SELECT count(*)::int FROM diverged WHERE what = $1', [what])) === 1;

test('a diverged old primary is rewound as a new copy, and what only it had is kept aside', async () => {
  const before = await redundantPair(rig);
  const { leader, standby } = before;
  const copy = await copyOf(leader);
  const client = await writing(rig);
  try {
    await diverge(before, 'never sent');
    await goesOn(client);
    rig.restartNode(leader);
    expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
    await goesOn(client);
    await expectIntact(rig, client, standby);
  } finally {
    await client.stop();
  }
  expect(await isThere(standby, 'never sent')).toBe(false);
  expect(await isThere(leader, 'never sent')).toBe(false);
  const copyNow = await copyOf(leader);
  expect(copyNow).not.toBe(copy);
  expect(await readJsonKey(rig, 'sync')).toMatchObject({ leader: standby, copies: { [leader]: copyNow } });

  const [saved] = divergedOf(leader);
  expect(divergedOf(leader)).toHaveLength(1);
  if (saved === undefined) return;
  expect(JSON.parse(readFileSync(join(saved, 'divergence.json'), 'utf8'))).toMatchObject({
    member: leader,
    timeline: before.status.timeline,
    forkTimeline: before.status.timeline,
  });
  const segments = readdirSync(join(saved, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name));
  expect(segments.some((name) => readFileSync(join(saved, 'pg_wal', name)).includes('never sent'))).toBe(true);
  expect(keptOf(leader)).toEqual([]);
  const incidents = await readIncidents(rig, standby);
  const notes = incidents.at(-1)?.evidence.map(({ says }) => says) ?? [];
  expect(notes.join('\n')).toContain(`${leader} kept what it had diverged by: timeline ${before.status.timeline} from`);
  expect(notes.join('\n')).toContain(saved);

  const key = `evidence/${incidents.at(-1)?.id}/${leader}-after`;
  await rig.waitFor(`evidence of ${leader} in etcd`, 15_000, async () => (await readKey(rig, key)) !== null);
  const { parts } = (await readJsonKey(rig, key)) as unknown as EvidenceBundle;
  expect(parts.map(({ source }) => source)).toEqual([
    'journal',
    'postgres-log',
    'control-data-before',
    'control-data',
    'kernel',
    'diverged',
  ]);
  const linesOf = (wanted: string) => parts.find(({ source }) => source === wanted)?.lines.join('\n');
  expect(linesOf('diverged')).toContain('postgres: public.diverged: rows 1 inserted');
  const tail = parts.find(({ source }) => source === 'diverged')?.tail;
  expect(tail?.incomplete).toBeNull();
  // The client's last writes may be in it too.
  expect(tail?.relations.find(({ name }) => name === 'public.diverged')).toMatchObject({
    ...{ database: 'postgres', inserted: 1 },
  });
  const shown = await runBaton(rig, standby, ['incident', 'show', 'last']);
  expect(shown).toMatchObject({
    lost: expect.stringMatching(
      /^Nothing that a user saw saved was lost .*; not there, and confirmed to nobody: \d+ transactions? with \d+ rows? in \d tables? \(.*public\.diverged.*\)\.$/,
    ),
  });
  const found = await runBaton(rig, standby, ['incident', 'evidence', 'last', '--member', leader]);
  expect(found).toMatchObject({ evidence: [{ moment: 'outage' }, { moment: 'after' }] });
  // How replication stood before it is in the first look of each member.
  for (const [member, says] of [
    [leader, 'primary at'],
    [standby, 'standby on timeline'],
  ] as const) {
    const first = (await readJsonKey(
      rig,
      `evidence/${incidents.at(-1)?.id}/${member}-outage`,
    )) as unknown as EvidenceBundle;
    const replication = first.parts.find(({ source }) => source === 'replication');
    expect(replication).toMatchObject({
      problem: null,
      lines: [expect.stringContaining(says), ...(member === leader ? [expect.any(String)] : [])],
    });
  }
  expect(linesOf('journal')).toContain('rejoin:');
  expect(linesOf('postgres-log')).toContain('redo');
  expect(linesOf('control-data-before')).toContain('in production');
  expect(linesOf('control-data')).toContain('in archive recovery');
});

test('an old primary that cannot be rewound is cloned, and its data directory is kept aside', async () => {
  const before = await redundantPair(rig);
  const { leader, standby } = before;
  const copy = await copyOf(leader);
  await diverge(before, 'sent to nobody');
  const { dataDir } = rig.member(leader).files;
  for (const name of readdirSync(join(dataDir, 'pg_wal'))) rmSync(join(dataDir, 'pg_wal', name), { recursive: true });
  rig.restartNode(leader);
  expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
  expect(await isThere(leader, 'sent to nobody')).toBe(false);
  expect(await copyOf(leader)).not.toBe(copy);
  expect(keptOf(leader)).toHaveLength(1);
  const kept = join(dirname(dataDir), keptOf(leader)[0] ?? '');
  expect(readFileSync(join(kept, 'baton.copy'), 'utf8')).toContain(String(copy));
  expect(await identifierOf(leader)).toBe(await identifierOf(standby));
});

test('a member whose timeline history is gone is cloned rather than trusted', async () => {
  const before = await redundantPair(rig);
  const { leader, standby } = before;
  const copy = await copyOf(leader);
  expect(before.status.timeline).toBeGreaterThan(1);
  await diverge(before, 'told to nobody');
  const { dataDir } = rig.member(leader).files;
  const histories = readdirSync(join(dataDir, 'pg_wal')).filter((name) => name.endsWith('.history'));
  expect(histories.length).toBeGreaterThan(0);
  for (const name of histories) rmSync(join(dataDir, 'pg_wal', name));
  rig.restartNode(leader);
  expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
  expect(await isThere(leader, 'told to nobody')).toBe(false);
  expect(await copyOf(leader)).not.toBe(copy);
  expect(keptOf(leader)).toHaveLength(1);
});

test('a standby whose data directory was removed is cloned again, as a new copy', async () => {
  const before = await redundantPair(rig);
  const { leader, standby } = before;
  const copy = await copyOf(standby);
  const client = await writing(rig);
  try {
    await rig.killNode(standby);
    rmSync(rig.member(standby).files.dataDir, { recursive: true });
    rig.restartNode(standby);
    const after = await redundantPair(rig);
    expect(after).toMatchObject({ leader, standby });
    expect(after.status.term).toBe(before.status.term);
    await goesOn(client);
    await expectIntact(rig, client, leader);
  } finally {
    await client.stop();
  }
  expect(await copyOf(standby)).not.toBe(copy);
  expect(await readJsonKey(rig, 'sync')).toMatchObject({ copies: { [standby]: await copyOf(standby) } });
});

test('a primary whose data directory was removed gives the lead away and is cloned', async () => {
  const { leader, standby } = await redundantPair(rig);
  const client = await writing(rig);
  try {
    await rig.killNode(leader);
    rmSync(rig.member(leader).files.dataDir, { recursive: true });
    rig.restartNode(leader);
    await rig.waitFor(`writes through ${standby}`, 40_000, () => client.servedBy === standby);
    expect(await redundantPair(rig)).toMatchObject({ leader: standby, standby: leader });
    await goesOn(client);
    await expectIntact(rig, client, standby);
  } finally {
    await client.stop();
  }
});
