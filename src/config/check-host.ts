/** Whether this host has what a configuration names: programs, users, directories, secrets. Reads only. */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { err, ok, type Result } from '../core/result.ts';
import { second } from '../core/units.ts';
import { checkDirectories, checkState, checkWritable, type Worker } from './check-directories.ts';
import type { ObserverConfig } from './observer-schema.ts';
import type { ConfigProblem } from './problem.ts';
import type { BatonConfig } from './schema.ts';
import { readSecretFile } from './secret-file.ts';

const programs = ['postgres', 'initdb', 'pg_basebackup', 'pg_rewind', 'pg_controldata', 'pg_waldump'] as const;
const majorMin = 14;
const majorMax = 18;
const programLimitMs = 5 * second;

export interface HostUser {
  readonly uid: number;
  readonly gid: number;
}

/** All problems of this host, in the order of the file's sections. */
export async function checkHost(config: BatonConfig): Promise<readonly ConfigProblem[]> {
  const uid = process.getuid?.() ?? 0;
  const { problems: ofUser, worker } = await checkUser(config, uid);
  const [ofSecrets, programs] = await Promise.all([
    checkSecrets(config, [worker.uid, uid], worker),
    checkPrograms(config.postgres.binDir),
  ]);
  // Whose the directories must be is known only once the user is.
  const ofDirectories = ofUser.length > 0 ? [] : await checkDirectories(config, worker, programs.major);
  const unwritable =
    ofDirectories.length === 0 && ofUser.length === 0 && uid === worker.uid ? await checkWritable(config) : [];
  return [...ofSecrets, ...programs.problems, ...ofUser, ...ofDirectories, ...unwritable];
}

/** The same for an observer: it needs no programs, no user but its own, and one directory. */
export async function checkObserverHost(config: ObserverConfig): Promise<readonly ConfigProblem[]> {
  const uid = process.getuid?.() ?? 0;
  const files = [...etcdSecrets(config.etcd), ['probe.passwordFile', config.probe.passwordFile] as const];
  const ofSecrets = await checkSecretFiles(files, [uid]);
  const ofState = await checkState(config.state, { uid, name: `user id ${uid}` });
  return [...ofSecrets, ...(await checkCertificates(config.etcd)), ...ofState];
}

/** A user of this host, also one that only a directory service knows. */
export async function lookUpUser(name: string): Promise<Result<HostUser, string>> {
  const [uid, gid] = await Promise.all([run('id', ['-u', '--', name]), run('id', ['-g', '--', name])]);
  if (!uid.ok || !gid.ok) return err(`there is no user ${name} on this host`);
  return ok({ uid: Number(uid.value), gid: Number(gid.value) });
}

async function checkUser(
  config: BatonConfig,
  uid: number,
): Promise<{ readonly problems: readonly ConfigProblem[]; readonly worker: Worker }> {
  const { runAs } = config.postgres;
  const self: Worker = { uid, name: runAs ?? `user id ${uid}` };
  const problem = (text: string, mend: string) => ({
    problems: [{ path: 'postgres.runAs', problem: text, mend }],
    worker: self,
  });
  if (runAs === undefined)
    return uid === 0
      ? problem(
          'is missing, and batond runs as root, as which PostgreSQL refuses to run',
          'name the user, like runAs: postgres, or start batond as that user',
        )
      : { problems: [], worker: self };
  const user = await lookUpUser(runAs);
  if (!user.ok) return problem(user.error, 'create the user, or name another');
  if (user.value.uid === 0) return problem('is root, as which PostgreSQL refuses to run', 'name another user');
  if (uid !== 0 && user.value.uid !== uid)
    return problem(
      `is ${runAs}, and batond runs as user id ${uid}, which cannot become another`,
      'start batond as root or as that user',
    );
  return { problems: [], worker: { uid: user.value.uid, name: runAs } };
}

async function checkSecrets(
  config: BatonConfig,
  owners: readonly number[],
  worker: Worker,
): Promise<readonly ConfigProblem[]> {
  const ofEtcd = etcdSecrets(config.etcd);
  const problems = [
    ...(await checkSecretFiles(
      [
        ...ofEtcd,
        ['postgres.superuser.passwordFile', config.postgres.superuser.passwordFile],
        ['postgres.replication.passwordFile', config.postgres.replication.passwordFile],
      ],
      owners,
    )),
  ];
  for (const [path, file] of ofEtcd)
    if (!problems.some((each) => each.path === path) && (await belongsToAnother(file, worker)))
      problems.push({
        path,
        problem: `${file} belongs to root, and the guardian reads it as ${worker.name}`,
        mend: `chown it to ${worker.name}`,
      });
  return [...problems, ...(await checkCertificates(config.etcd))];
}

type SecretFile = readonly [path: string, file: string];

const etcdSecrets = ({ tls, auth }: BatonConfig['etcd']): readonly SecretFile[] => [
  ...(tls?.key === undefined ? [] : [['etcd.tls.key', tls.key] as const]),
  ...(auth === undefined ? [] : [['etcd.auth.passwordFile', auth.passwordFile] as const]),
];

async function checkSecretFiles(
  files: readonly SecretFile[],
  owners: readonly number[],
): Promise<readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const [path, file] of files) {
    const secret = await readSecretFile(file, owners);
    if (!secret.ok) problems.push({ path, ...secret.error });
  }
  return problems;
}

async function checkCertificates({ tls }: BatonConfig['etcd']): Promise<readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const [path, file] of [
    ['etcd.tls.ca', tls?.ca],
    ['etcd.tls.cert', tls?.cert],
  ] as const)
    if (file !== undefined && !(await may(file, constants.R_OK)))
      problems.push({ path, problem: `${file} cannot be read`, mend: 'name a readable PEM file' });
  return problems;
}

/** Batond reads secrets while it still is root; a guardian that is started later never was. */
const belongsToAnother = async (file: string, worker: Worker): Promise<boolean> =>
  worker.uid !== 0 && (await stat(file)).uid !== worker.uid;

async function checkPrograms(
  binDir: string,
): Promise<{ readonly problems: readonly ConfigProblem[]; readonly major: number | null }> {
  const missing: string[] = [];
  for (const program of programs) if (!(await may(join(binDir, program), constants.X_OK))) missing.push(program);
  const at = (problem: string, mend: string) => ({
    problems: [{ path: 'postgres.binDir', problem, mend }],
    major: null,
  });
  if (missing.length > 0) {
    const problem = `${binDir} has no ${missing.join(', ')}`;
    return at(problem, 'install PostgreSQL (server and client programs), or name the directory that has them');
  }
  const version = await run(join(binDir, 'postgres'), ['--version']);
  if (!version.ok) return at(`${join(binDir, 'postgres')} --version failed: ${version.error}`, 'mend the installation');
  const major = Number(/\(PostgreSQL\) ([0-9]+)/.exec(version.value)?.[1]);
  if (major >= majorMin && major <= majorMax) return { problems: [], major };
  return at(`${binDir} has "${version.value}"`, `name a PostgreSQL ${majorMin} to ${majorMax}`);
}

const may = (path: string, how: number): Promise<boolean> =>
  access(path, how).then(
    () => true,
    () => false,
  );

async function run(program: string, args: readonly string[]): Promise<Result<string, string>> {
  try {
    const options = { timeout: programLimitMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 } as const;
    const { stdout } = await promisify(execFile)(program, args, options);
    return ok(stdout.trim());
  } catch (thrown) {
    return err((thrown as Error).message);
  }
}
