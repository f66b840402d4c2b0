/** An incident after it is over: what people add on one member is everywhere, survives, and can be proved to a customer. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rig } from '../../scripts/rig/rig.ts';
import { runBaton, tryBaton } from '../../scripts/rig/run-baton.ts';
import { tagOf } from '../../scripts/rig/processes.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { aCluster } from '../support/cluster.ts';
import { readKey } from '../support/etcd-keys.ts';
import { knownIncidents, newIncidents } from '../support/incident-expectations.ts';
import { redundantPair } from '../support/redundant-pair.ts';

const limitMs = 20_000;
/** Some thirty runs of the command, each a process. */
const testLimitMs = 240_000;
const contracts = {
  sites: [{ id: 'st-marks', name: "St Mark's, Maidenhead" }],
  contracts: [
    {
      id: 'nothing-lost',
      customer: 'The trust',
      sites: ['st-marks'],
      zone: 'Europe/London',
      rto: '60m',
      rpo: { bytes: '0B', time: '0s' },
    },
  ],
};

let rig: Rig;
let directory = '';
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'baton-case-'));
  rig = await aCluster({ contracts });
});
afterAll(async () => {
  await rig?.stopAll();
  rmSync(directory, { recursive: true, force: true });
});

interface Shown {
  readonly loss: Incident['loss'];
  readonly verdicts: Incident['verdicts'];
  readonly case: {
    readonly state: string;
    readonly entries: number;
    readonly notes: readonly { readonly by: string; readonly text: string }[];
    readonly actions: readonly { readonly owner: string; readonly done: { readonly by: string } | null }[];
    readonly amendments: readonly { readonly verdictsBefore: Incident['verdicts'] }[];
  };
}

const shown = async (member: string, id: string) => (await runBaton(rig, member, ['incident', 'show', id])) as Shown;
const untilState = (member: string, id: string, state: string) =>
  rig.waitFor(`${id} to be ${state} at ${member}`, limitMs, async () => {
    const found = await shown(member, id);
    return found.case.state === state ? found : null;
  });

/** As a customer runs it: no configuration, no daemon. */
async function verify(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const program = join(import.meta.dirname, '../../src/main/baton.ts');
  const env = { ...process.env, BATON_RIG: tagOf(rig.id, null) };
  const ran = promisify(execFile)(process.execPath, [program, 'incident', 'verify', ...args], { env });
  const told = (result: { stdout: string; stderr: string }) => (result.stdout + result.stderr).replaceAll(/\s+/g, ' ');
  return ran.then(
    (result) => ({ code: 0, output: told(result) }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, output: told(error) }),
  );
}

test('a failover is acknowledged, explained, reviewed, signed off, amended, exported and verified', {
  timeout: testLimitMs,
}, async () => {
  const before = await redundantPair(rig);
  const { leader: other, standby: recorder } = before;
  const known = await knownIncidents(rig, recorder);
  await rig.killPostmaster(other);
  const [incident] = await newIncidents(rig, recorder, known);
  expect(await redundantPair(rig)).toMatchObject({ leader: recorder, standby: other });
  if (incident === undefined) throw new Error('nothing was recorded');
  const { id } = incident;
  expect(incident).toMatchObject({ recordedBy: recorder, verdicts: [{ outcome: { kind: 'met' } }] });

  const add = (member: string, ...args: readonly string[]) => runBaton(rig, member, ['incident', ...args]);
  await add(recorder, 'ack', id, '--note', 'on my way');
  await add(recorder, 'note', id, 'the postmaster was <killed> & "buried"');
  await add(recorder, 'cause', id, '--trigger', 'a signal', '--root-cause', 'a test', '--factor', 'no coffee');
  await add(recorder, 'action', 'add', id, 'more coffee', '--owner', 'bob', '--due', '2999-12-31');
  await add(recorder, 'action', 'done', id, '1', '--note', 'two cups');
  await add(recorder, 'review', id, 'it took as long as it takes');
  await add(recorder, 'sign-off', id, '--yes');

  const everywhere = [await untilState(recorder, id, 'signed off'), await untilState(other, id, 'signed off')];
  expect(everywhere[1]).toEqual(everywhere[0]);
  expect(everywhere[0]?.case).toMatchObject({
    entries: 7,
    notes: [{ by: expect.stringContaining('@'), text: 'the postmaster was <killed> & "buried"' }],
    actions: [{ owner: 'bob', done: { by: expect.stringContaining('@') } }],
  });
  expect(JSON.parse((await readKey(rig, `incidents/${id}`))?.value ?? '')).toEqual(incident);

  for (const member of [recorder, other]) rig.member(member).detach();
  await rig.waitFor('both daemons to end', limitMs, () =>
    [recorder, other].every((member) => rig.member(member).processes('batond').length === 0),
  );
  for (const member of [recorder, other]) rig.restartNode(member);
  await redundantPair(rig);
  for (const member of [recorder, other]) expect(await untilState(member, id, 'signed off')).toEqual(everywhere[0]);

  const refusals: readonly (readonly [args: readonly string[], condition: string])[] = [
    [['note', id, 'too late'], 'not-signed-off'],
    [['ack', 'no-such-id'], 'no-such-incident'],
    [['amend', id, '--set', 'loss.bytesMax=4096', '--yes'], 'reason-given'],
    [['amend', id, '--set', 'affectedSites=atlantis', '--reason', 'r', '--yes'], 'site-known'],
  ];
  for (const [args, condition] of refusals) {
    const { ended, stdout } = await tryBaton(rig, other, ['incident', ...args]);
    expect([ended, JSON.parse(stdout).error.code]).toEqual([3, condition]);
  }
  expect(await shown(other, id)).toEqual(everywhere[0]);

  const sets = ['--set', 'loss.bytesMax=4KiB', '--set', 'loss.timeMsMax=1s'];
  await add(other, 'amend', id, ...sets, '--reason', 'the trust found a gap', '--yes');
  const amended = await untilState(recorder, id, 'acknowledged');
  expect(amended).toMatchObject({
    loss: { bytesMax: 4096, timeMsMax: 1_000, provedNone: false },
    verdicts: [{ outcome: { kind: 'breached' } }],
    case: { amendments: [{ verdictsBefore: incident.verdicts }] },
  });

  const fileOf = (name: string) => join(directory, name);
  for (const format of ['json', 'md', 'html']) await add(recorder, 'export', id, '--to', fileOf(`recorder.${format}`));
  await add(other, 'export', id, '--to', fileOf('other.json'));
  const text = readFileSync(fileOf('recorder.json'), 'utf8');
  const { recordSha256 } = JSON.parse(text);
  for (const format of ['md', 'html']) {
    const readable = readFileSync(fileOf(`recorder.${format}`), 'utf8');
    expect(readable).toContain(recordSha256);
    expect(readable).toContain('at most 4,096 bytes');
    expect(readable).not.toContain('<killed>');
  }

  const sound = await verify(fileOf('recorder.json'));
  expect(sound).toEqual({ code: 0, output: expect.stringContaining(recordSha256) });
  expect(sound.output).toContain('the incident is what entry');
  expect(sound.output).toContain('8 of the 8 things that people added are what it says');
  const { stateDir } = rig.member(recorder).files;
  expect(await verify(fileOf('recorder.json'), '--ledger', join(stateDir, 'ledger'))).toEqual({
    code: 0,
    output: expect.stringContaining('without a break'),
  });
  const elsewhere = await verify(fileOf('other.json'));
  // The other member's ledger has a copy of it: that proves as much.
  expect(elsewhere).toEqual({ code: 0, output: expect.stringContaining('the incident is what entry') });
  expect(elsewhere.output).toContain(recordSha256);

  const at = text.lastIndexOf('two cups');
  writeFileSync(fileOf('flipped.json'), `${text.slice(0, at)}T${text.slice(at + 1)}`);
  expect(await verify(fileOf('flipped.json'))).toEqual({
    code: 1,
    output: expect.stringMatching(/entry \d+ of the ledger \(record, .* was changed/),
  });
});
