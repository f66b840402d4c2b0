/** Whether the data and state directories of a configuration can be used as they are. Reads only. */
import type { Stats } from 'node:fs';
import { access, constants, lstat, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigProblem } from './problem.ts';
import type { BatonConfig } from './schema.ts';

/** Whoever batond, the guardian and PostgreSQL work as. */
export interface Worker {
  readonly uid: number;
  /** For the problem's text: the name, or `user id 26`. */
  readonly name: string;
}

/** `programsMajor`: the major version of the programs in binDir; null when it is not known. */
export async function checkDirectories(
  config: BatonConfig,
  worker: Worker,
  programsMajor: number | null,
): Promise<readonly ConfigProblem[]> {
  const { dataDir, binDir } = config.postgres;
  const ofData = await checkDirectory('postgres.dataDir', dataDir, worker);
  const ofState = await checkDirectory('state', config.state, worker);
  const replaceable = ofData.length > 0 ? ofData : await checkReplaceable(dataDir);
  const content = replaceable.length > 0 ? replaceable : await checkContent(dataDir, binDir, programsMajor);
  return [...content, ...ofState];
}

/** The state directory of a batond that has no other: whose it is, and whether this process may write there. */
export async function checkState(state: string, worker: Worker): Promise<readonly ConfigProblem[]> {
  const found = await checkDirectory('state', state, worker);
  return found.length > 0 ? found : checkWritableDirectory(['state', state, stateHolds]);
}

const stateHolds = 'sockets, journal and ledger are kept there';

async function checkDirectory(path: string, directory: string, worker: Worker): Promise<readonly ConfigProblem[]> {
  const found = await stat(directory).catch((thrown: NodeJS.ErrnoException) => thrown);
  // One that does not exist is created when it is needed.
  if (found instanceof Error)
    return found.code === 'ENOENT'
      ? []
      : [{ path, problem: `${directory} cannot be looked at (${found.code})`, mend: 'mend its permissions' }];
  if (!found.isDirectory()) return [{ path, problem: `${directory} is not a directory`, mend: 'name a directory' }];
  if ((found.mode & 0o022) !== 0)
    return [{ path, problem: `${directory} can be changed by others`, mend: `chmod go-w ${directory}` }];
  if (found.uid !== worker.uid)
    return [
      {
        path,
        problem: `${directory} belongs to user id ${found.uid}, not to ${worker.name}`,
        mend: `chown it to ${worker.name}, or name another directory`,
      },
    ];
  return [];
}

/** A clone is made beside the data directory and takes its name: neither a link nor a mount point can be replaced so. */
async function checkReplaceable(dataDir: string): Promise<readonly ConfigProblem[]> {
  const [own, parent] = await Promise.all([statOf(lstat, dataDir), statOf(stat, dirname(dataDir))]);
  const at = (problem: string, mend: string) => [{ path: 'postgres.dataDir', problem, mend }];
  if (own === null || parent === null) return [];
  if (own.isSymbolicLink())
    return at(`${dataDir} is a link, which a clone of the leader's data would replace`, 'name what it points to');
  if (own.dev !== parent.dev)
    return at(
      `${dataDir} is a mount point, which a clone of the leader's data cannot replace`,
      `name a directory in it, like ${join(dataDir, 'data')}`,
    );
  return [];
}

async function checkContent(
  dataDir: string,
  binDir: string,
  programsMajor: number | null,
): Promise<readonly ConfigProblem[]> {
  const names: readonly string[] = await readdir(dataDir).catch(() => []);
  if (names.length === 0) return [];
  if (!names.includes('PG_VERSION'))
    return [
      {
        path: 'postgres.dataDir',
        problem: `${dataDir} is not empty and holds no PostgreSQL data`,
        mend: 'move what is there away, or name another directory',
      },
    ];
  const text = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => '');
  const dataMajor = Number(text.trim());
  if (programsMajor === null || !(dataMajor > 0) || dataMajor === programsMajor) return [];
  return [
    {
      path: 'postgres.binDir',
      problem: `${binDir} is of PostgreSQL ${programsMajor}, the data in ${dataDir} of PostgreSQL ${dataMajor}`,
      mend: `name the directory of PostgreSQL ${dataMajor}'s programs`,
    },
  ];
}

/**
 * Whether this process may make what it needs: in `state`, and beside the data directory, where copies are made. Only the
 * process that works there can tell, so root asks once it has given root up.
 */
export async function checkWritable(config: BatonConfig): Promise<readonly ConfigProblem[]> {
  const besideData = 'copies of the data are made beside the data directory';
  return [
    ...(await checkWritableDirectory(['postgres.dataDir', dirname(config.postgres.dataDir), besideData])),
    ...(await checkWritableDirectory(['state', config.state, stateHolds])),
  ];
}

async function checkWritableDirectory([path, needed, why]: readonly [
  path: string,
  needed: string,
  why: string,
]): Promise<readonly ConfigProblem[]> {
  const there = await nearestThere(needed);
  const refused = await access(there, constants.W_OK | constants.X_OK).catch((thrown: Error) => thrown);
  if (!(refused instanceof Error)) return [];
  return [
    {
      path,
      problem: `${there} cannot be written by user id ${process.getuid?.() ?? 0}: ${why}`,
      mend: `chown ${there}, or name another directory`,
    },
  ];
}

/** The directory, or the nearest above it that exists: there the rest would be created. */
async function nearestThere(directory: string): Promise<string> {
  const found = await statOf(stat, directory);
  return found !== null || directory === dirname(directory) ? directory : nearestThere(dirname(directory));
}

const statOf = (look: (path: string) => Promise<Stats>, path: string): Promise<Stats | null> =>
  look(path).catch(() => null);
