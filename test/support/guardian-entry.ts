/**
 * A guardian process like src/main/guardian.ts, but on an etcd that is two files in its state directory: `etcd-mode`
 * holds `ok`, `mute` (nothing is answered) or `gone` (no lease is known), `etcd-leases` the ids that were granted.
 * Ends when the test process that began it is gone.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import { err, ok } from '../../src/core/result.ts';
import { runGuardianProcess } from '../../src/main/guardian-process.ts';
import type { LeaseStore } from '../../src/ports/coordinator.ts';
import { guardianSpec } from '../../src/wire/guardian-spec.ts';
import './end-with-tester.ts';

const { values } = parseArgs({ options: { spec: { type: 'string' } } });
const spec = guardianSpec.parse(JSON.parse(readFileSync(values.spec ?? '', 'utf8')));
const clock = createSystemClock();
const path = (name: string) => join(spec.stateDir, name);
const mode = () => readFileSync(path('etcd-mode'), 'utf8').trim();
const leases = () => new Map<string, number>(JSON.parse(readFileSync(path('etcd-leases'), 'utf8')));
const keep = (granted: Map<string, number>) => writeFileSync(path('etcd-leases'), JSON.stringify([...granted]));
const note = (line: string) => appendFileSync(path('etcd-calls'), `${line}\n`);

const store: LeaseStore = {
  async grant(leaseId, ttlMs) {
    note(`grant ${leaseId}`);
    if (mode() === 'mute') return err('nobody answers');
    keep(leases().set(leaseId, ttlMs));
    return ok(ttlMs);
  },
  renew(leaseId, _limitMs, on) {
    const sentMono = clock.mono();
    clock.timer(2, () => {
      if (mode() === 'mute') return;
      const ttlMs = mode() === 'gone' ? undefined : leases().get(leaseId);
      if (ttlMs === undefined) on.gone();
      else on.renewed(sentMono, ttlMs);
    });
  },
  async revoke(leaseId) {
    note(`revoke ${leaseId}`);
    if (mode() === 'mute') return err('nobody answers');
    const granted = leases();
    granted.delete(leaseId);
    keep(granted);
    return ok(undefined);
  },
};

const ended = await runGuardianProcess(spec, store, clock);
if (!ended.ok) process.stderr.write(`${ended.error}\n`);
process.exit(ended.ok ? 0 : 3);
