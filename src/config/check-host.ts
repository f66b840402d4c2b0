/** Whether this host has what a configuration names: programs, users, directories, secrets. Reads only. */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { err, ok, type Result } from '../core/result.ts';
import { second } from '../core/units.ts';
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
  const { problems: userProblems, owner } = await checkUser(config, uid);
  const found = await Promise.all([
    checkSecrets(config, [owner, uid]),
    checkPrograms(config.postgres.binDir),
    Promise.resolve(userProblems),
    checkDirectory('postgres.dataDir', config.postgres.dataDir),
    checkDirectory('state', config.state),
  ]);
  return found.flat();
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
): Promise<{ problems: readonly ConfigProblem[]; owner: number }> {
  const { runAs } = config.postgres;
  const problem = (text: string, mend: string) => ({
    problems: [{ path: 'postgres.runAs', problem: text, mend }],
    owner: uid,
  });
  if (runAs === undefined)
    return uid === 0
      ? problem(
          'is missing, and batond runs as root, as which PostgreSQL refuses to run',
          'name the user, like runAs: postgres, or start batond as that user',
        )
      : { problems: [], owner: uid };
  const user = await lookUpUser(runAs);
  if (!user.ok) return problem(user.error, 'create the user, or name another');
  if (user.value.uid === 0) return problem('is root, as which PostgreSQL refuses to run', 'name another user');
  if (uid !== 0 && user.value.uid !== uid)
    return problem(
      `is ${runAs}, and batond runs as user id ${uid}, which cannot become another`,
      'start batond as root or as that user',
    );
  return { problems: [], owner: user.value.uid };
}

async function checkSecrets(config: BatonConfig, owners: readonly number[]): Promise<readonly ConfigProblem[]> {
  const files: readonly (readonly [path: string, file: string | undefined])[] = [
    ['etcd.tls.key', config.etcd.tls?.key],
    ['etcd.auth.passwordFile', config.etcd.auth?.passwordFile],
    ['postgres.superuser.passwordFile', config.postgres.superuser.passwordFile],
    ['postgres.replication.passwordFile', config.postgres.replication.passwordFile],
  ];
  const problems: ConfigProblem[] = [];
  for (const [path, file] of files) {
    if (file === undefined) continue;
    const secret = await readSecretFile(file, owners);
    if (!secret.ok) problems.push({ path, ...secret.error });
  }
  for (const [path, file] of [
    ['etcd.tls.ca', config.etcd.tls?.ca],
    ['etcd.tls.cert', config.etcd.tls?.cert],
  ] as const)
    if (file !== undefined && !(await may(file, constants.R_OK)))
      problems.push({ path, problem: `${file} cannot be read`, mend: 'name a readable PEM file' });
  return problems;
}

async function checkPrograms(binDir: string): Promise<readonly ConfigProblem[]> {
  const missing: string[] = [];
  for (const program of programs) if (!(await may(join(binDir, program), constants.X_OK))) missing.push(program);
  const at = (problem: string, mend: string) => [{ path: 'postgres.binDir', problem, mend }];
  if (missing.length > 0) {
    const problem = `${binDir} has no ${missing.join(', ')}`;
    return at(problem, 'install PostgreSQL (server and client programs), or name the directory that has them');
  }
  const version = await run(join(binDir, 'postgres'), ['--version']);
  if (!version.ok) return at(`${join(binDir, 'postgres')} --version failed: ${version.error}`, 'mend the installation');
  const major = Number(/\(PostgreSQL\) ([0-9]+)/.exec(version.value)?.[1]);
  if (major >= majorMin && major <= majorMax) return [];
  return at(`${binDir} has "${version.value}"`, `name a PostgreSQL ${majorMin} to ${majorMax}`);
}

async function checkDirectory(path: string, directory: string): Promise<readonly ConfigProblem[]> {
  const found = await stat(directory).catch((thrown: NodeJS.ErrnoException) => thrown);
  // One that does not exist is created when it is needed.
  if (found instanceof Error)
    return found.code === 'ENOENT'
      ? []
      : [{ path, problem: `${directory} cannot be looked at (${found.code})`, mend: 'mend its permissions' }];
  if (!found.isDirectory()) return [{ path, problem: `${directory} is not a directory`, mend: 'name a directory' }];
  if ((found.mode & 0o022) !== 0)
    return [{ path, problem: `${directory} can be changed by others`, mend: `chmod go-w ${directory}` }];
  return [];
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
