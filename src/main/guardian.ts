/**
 * The guardian: the parent of this host's postgres and the keeper of its member's lease. Started by batond with
 * `--spec FILE`. Exits with 0 after SIGTERM, 2 when the spec cannot be used, 3 when another guardian is in its place.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createLeaseStore } from '../adapters/etcd/lease-store.ts';
import { createSystemClock } from '../adapters/system-clock.ts';
import { guardianSpec } from '../wire/guardian-spec.ts';
import { readJson } from '../wire/json-text.ts';
import { startAgainIfCompiled } from './compiled-code.ts';
import { readEtcdAccess } from './etcd-access.ts';
import { runGuardianProcess } from './guardian-process.ts';

function leave(code: number, problem: string): never {
  process.stderr.write(`guardian: ${problem}\n`);
  process.exit(code);
}

startAgainIfCompiled();
const { values } = parseArgs({ options: { spec: { type: 'string' } } });
if (values.spec === undefined) leave(2, 'usage: guardian --spec FILE (batond writes the file and starts the guardian)');
const text = await readFile(values.spec, 'utf8').catch((error: Error) => leave(2, error.message));
const spec = readJson(guardianSpec, text);
if (!spec.ok) leave(2, `${values.spec}: ${spec.error}`);
const access = await readEtcdAccess(spec.value.etcd, [process.getuid?.() ?? 0]);
if (!access.ok) leave(2, access.error);

const clock = createSystemClock();
const leases = createLeaseStore({ ...access.value, clock });
const ended = await runGuardianProcess(spec.value, leases, clock);
leases.close();
if (!ended.ok) leave(3, ended.error);
process.exit(0);
