/** How to use a cluster that the demo left running. Every line is there to be copied. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rig } from '../rig/rig.ts';

/** `pid` is the process that keeps the cluster; its end ends all of it. */
export function usageText(rig: Rig, pid: number): string {
  const [first] = [...rig.members.values()];
  if (first === undefined) throw new Error('a cluster without members');
  const baton = (verb: string) => `npm run --silent baton -- ${verb} --config ${first.files.configFile}`;
  const endpoints = rig.clientEndpoints();
  const list = (of: (endpoint: (typeof endpoints)[number]) => string | number) => endpoints.map(of).join(',');
  const passFile = writePassFile(rig);
  return [
    'The cluster goes on running. Use it:',
    `  ${baton('status')}`,
    `  ${baton('explain')}`,
    `  ${baton('incident show last')}`,
    `  ${baton("switchover --reason 'to see one'")}`,
    `  PGPASSFILE=${passFile} psql "host=${list(({ host }) => host)} port=${list(({ port }) => port)} user=postgres target_session_attrs=read-write"`,
    '',
    'Its members; a file batond.yaml can be given with --config, batond.sock is what baton talks to:',
    ...[...rig.members.values()].map(
      ({ files }) =>
        `  ${files.name.padEnd(12)} http://${files.host}:${files.apiPort}/v1/status  ${files.configFile}  ${join(files.stateDir, 'batond.sock')}`,
    ),
    'Break it:',
    ...[...rig.members.values()].map(
      ({ files }) => `  kill -9 $(head -1 ${join(files.dataDir, 'postmaster.pid')})    # PostgreSQL of ${files.name}`,
    ),
    'End it, with every process and file of it:',
    `  kill ${pid}`,
  ].join('\n');
}

/** libpq reads the password from there, so that it is on no command line. */
function writePassFile(rig: Rig): string {
  const path = join(rig.directory, 'pgpass');
  const lines = rig
    .clientEndpoints()
    .map(({ host, port, user, password }) => `${host}:${port}:*:${user}:${password}\n`);
  writeFileSync(path, lines.join(''), { mode: 0o600 });
  return path;
}
