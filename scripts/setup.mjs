/**
 * Makes a fresh clone ready: npm packages, etcd, PostgreSQL 15, nftables and Alertmanager. Runs under any Node >= 20, because Node 24 itself
 * comes with the packages. Says nothing when all is there; never starts a service.
 *
 *   node scripts/setup.mjs              sets up what is missing, or prints what to do and exits 1
 *   node scripts/setup.mjs --check      changes nothing: lists what is missing and exits 1
 *   node scripts/setup.mjs --packages   npm packages only, for what needs no etcd and no PostgreSQL
 *   node scripts/setup.mjs --peers      also the other failover managers that `npm run bench -- --all` measures
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, parse, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeMajorMin = 24;
const postgresBinDir = '/usr/lib/postgresql/15/bin';
const postgresPrograms = ['postgres', 'initdb', 'pg_basebackup', 'pg_rewind', 'pg_controldata', 'pg_waldump'];
/** Whoever may not install these does without what they are for. */
const optionalPackages = new Map([
  ['nftables', 'chaos'],
  ['prometheus-alertmanager', 'the test of alerts'],
]);
/** Of the other failover managers, by a program that each brings. */
const peerPrograms = new Map([
  ['patroni', '/usr/bin/patroni'],
  ['python3-etcd', '/usr/lib/python3/dist-packages/etcd/__init__.py'],
  ['pg-auto-failover-cli', '/usr/bin/pg_autoctl'],
  ['postgresql-15-auto-failover', '/usr/share/postgresql/15/extension/pgautofailover.control'],
  ['repmgr', '/usr/bin/repmgr'],
  ['postgresql-15-repmgr', '/usr/share/postgresql/15/extension/repmgr.control'],
]);
const installScript = 'scripts/install-packages.sh';

/** Throws an Error whose message is for the person who runs it. */
export function setUp({ packagesOnly = false, checkOnly = false, withPeers = false } = {}) {
  const missing = [];
  const stale = npmPackagesProblem();
  if (stale !== null) {
    if (checkOnly) missing.push(`npm packages: ${stale}; run: npm ci`);
    else installNpmPackages(stale);
  }
  if (!packagesOnly) {
    const wanted = missingDebianPackages(withPeers);
    const onlyOptional = wanted.length > 0 && wanted.every((name) => optionalPackages.has(name));
    if (onlyOptional && !checkOnly && !mayInstall()) {
      for (const name of wanted)
        process.stderr.write(
          `set-up: without ${name} there is no ${optionalPackages.get(name)}; to have it: ${asRootCommand([name])}\n`,
        );
    } else if (wanted.length > 0) {
      if (checkOnly) missing.push(`Debian packages: ${wanted.join(' ')}; run: ${asRootCommand(wanted)}`);
      else installDebianPackages(wanted, withPeers);
    }
    const unreadable = missing.length > 0 ? null : unreadableForPostgres();
    if (unreadable !== null) missing.push(unreadable);
  }
  if (missing.length > 0) throw new Error(missing.join('\n'));
}

/** The PATH for commands of the project, with and without its own programs in front. */
export function pathOf({ withProject }) {
  const own = join(root, 'node_modules', '.bin');
  const others = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => resolve(entry) !== own);
  return [...(withProject ? [own] : []), ...others].join(delimiter);
}

/** Compares what is installed with the lock file, not their ages: a checkout gives every file a new one. */
function npmPackagesProblem() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'node_modules is missing';
  const locked = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(installedFile);
  for (const [path, { version, optional, link }] of Object.entries(locked)) {
    if (path === '' || link) continue;
    const found = installed[path];
    if (found === undefined ? !optional : found.version !== version) {
      return `${path} is ${found?.version ?? 'missing'}, package-lock.json wants ${version}`;
    }
  }
  const node = spawnSync(join(root, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' });
  const major = Number(/^v(\d+)/.exec(node.stdout ?? '')?.[1] ?? 0);
  return major >= nodeMajorMin ? null : `node_modules/.bin/node is not Node ${nodeMajorMin} or newer`;
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch (error) {
    throw new Error(`cannot read ${file}: ${error.message}`, { cause: error });
  }
}

/** npm must not run on the very Node that it is about to replace: the project's own programs leave the PATH. */
function installNpmPackages(reason) {
  process.stderr.write(`set-up: npm ci (${reason})\n`);
  const ran = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: pathOf({ withProject: false }) },
    stdio: ['ignore', 2, 2],
  });
  if (ran.status !== 0)
    throw new Error(`npm ci failed in ${root}${ran.error ? `: ${ran.error.message}` : ', see above'}`);
  const still = npmPackagesProblem();
  if (still !== null) throw new Error(`npm ci ran in ${root}, but ${still}. Baton runs on Linux x64 with glibc.`);
}

function missingDebianPackages(withPeers) {
  const onPath = (program) =>
    (process.env['PATH'] ?? '').split(delimiter).some((dir) => isExecutable(join(dir, program)));
  const wanted = [];
  if (!isExecutable('/usr/bin/etcd') && !onPath('etcd')) wanted.push('etcd-server');
  if (!postgresPrograms.every((program) => isExecutable(join(postgresBinDir, program)))) wanted.push('postgresql-15');
  if (!isExecutable('/usr/sbin/nft') && !onPath('nft')) wanted.push('nftables');
  if (!isExecutable('/usr/bin/prometheus-alertmanager') && !onPath('prometheus-alertmanager'))
    wanted.push('prometheus-alertmanager');
  if (withPeers) for (const [name, file] of peerPrograms) if (!existsSync(file)) wanted.push(name);
  return wanted;
}

const isRoot = () => process.getuid?.() === 0;

const mayInstall = () =>
  isExecutable('/usr/bin/apt-get') && (isRoot() || spawnSync('sudo', ['-n', 'true']).status === 0);

function installDebianPackages(packages, withPeers) {
  const asRoot = isRoot() ? [] : ['sudo', '-n'];
  if (!mayInstall()) {
    throw new Error(
      `${packages.join(' and ')} must be installed first, and this user may not. As root, on Debian or Ubuntu:\n` +
        `  ${asRootCommand(packages)}\n` +
        `Elsewhere: etcd (3.4 or newer) on the PATH, and PostgreSQL 15 with its programs in ${postgresBinDir}.`,
    );
  }
  process.stderr.write(`set-up: apt-get install ${packages.join(' ')} (programs only, nothing is started)\n`);
  const [command, ...args] = [...asRoot, 'sh', join(root, installScript), ...packages];
  const ran = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const still = missingDebianPackages(withPeers);
  if (ran.status === 0 && still.length === 0) return;
  throw new Error(
    `${tail(`${ran.stdout}\n${ran.stderr}`)}\napt-get could not install ${packages.join(' and ')}. Mend that and run again, or by hand:\n` +
      `  ${asRootCommand(packages)}\nA release without postgresql-15 gets it from https://wiki.postgresql.org/wiki/Apt`,
  );
}

const asRootCommand = (packages) => `${isRoot() ? '' : 'sudo '}sh ${join(root, installScript)} ${packages.join(' ')}`;

const tail = (text) => text.trim().split('\n').slice(-15).join('\n');

/** PostgreSQL refuses root, so root's daemons run as user postgres, who must be able to read this checkout. */
function unreadableForPostgres() {
  if (!isRoot()) return null;
  const node = join(root, 'node_modules/.bin/node');
  if (asPostgres('-x', node) && asPostgres('-r', join(root, 'package.json'))) return null;
  const places = [];
  for (let at = root; at !== parse(at).root; at = dirname(at)) places.unshift(at);
  const blocked = places.find((place) => !asPostgres('-x', place)) ?? root;
  return (
    `${root} cannot be read by user postgres, as whom PostgreSQL and batond run when you are root: ${blocked} keeps it out.\n` +
    `Clone to a place that everybody may enter (for instance /srv/baton), or: chmod o+x ${blocked}`
  );
}

const asPostgres = (test, path) =>
  spawnSync('setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', 'test', test, path]).status === 0;

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const known = ['--check', '--packages', '--peers'];
  const unknown = process.argv.slice(2).filter((argument) => !known.includes(argument));
  try {
    if (unknown.length > 0)
      throw new Error(`unknown: ${unknown.join(' ')}. Usage: node scripts/setup.mjs [${known.join('] [')}]`);
    setUp({
      checkOnly: process.argv.includes('--check'),
      packagesOnly: process.argv.includes('--packages'),
      withPeers: process.argv.includes('--peers'),
    });
  } catch (error) {
    process.stderr.write(`set-up: ${error.message}\n`);
    process.exitCode = 1;
  }
}
