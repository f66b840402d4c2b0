/** The files of one member of a rig: batond's configuration, its secrets and its directories. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freeMemberPorts, type MemberPorts } from './addresses.ts';
import type { Owner } from './owner.ts';

export interface MemberPlan {
  readonly cluster: string;
  readonly name: string;
  /** Its data centre. */
  readonly location: string;
  /** There already. */
  readonly directory: string;
  readonly dataDir: string;
  readonly etcdEndpoints: readonly string[];
  readonly binDir: string;
  readonly superuserPassword: string;
  readonly replicationPassword: string;
  readonly shared: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** The `notify` section; what `secrets` holds is written into files. */
  readonly notify: LocalNotify;
  readonly owner: Owner;
  /** It has no PostgreSQL: its files are an observer's. */
  readonly observes: boolean;
  /** Null: a loopback address that is free now. */
  readonly ports: MemberPorts | null;
  /** From where clients and other members may log in, as in pg_hba.conf. */
  readonly network: string;
}

export interface LocalNotify {
  /** By name: the secret itself. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly commands?: Readonly<Record<string, readonly string[]>>;
  readonly smtp?: Readonly<Record<string, unknown>>;
}

export interface MemberFiles extends MemberPorts {
  readonly name: string;
  readonly directory: string;
  readonly dataDir: string;
  readonly stateDir: string;
  readonly configFile: string;
  readonly logFile: string;
}

export async function writeMemberFiles(plan: MemberPlan): Promise<MemberFiles> {
  const ports = plan.ports ?? (await freeMemberPorts());
  const { directory, dataDir, owner } = plan;
  const files: MemberFiles = {
    ...ports,
    name: plan.name,
    directory,
    dataDir,
    stateDir: join(directory, 'state'),
    configFile: join(directory, 'batond.yaml'),
    logFile: join(directory, 'batond.log'),
  };
  makeDirectory(files.stateDir, 0o700, owner);
  if (plan.observes) {
    writeObserverConfig(plan, files);
    return files;
  }
  const secret = (name: string, value: string) => writeOwned(join(directory, name), `${value}\n`, owner);
  writeOwned(
    files.configFile,
    stringify({
      cluster: plan.cluster,
      member: { name: plan.name, location: plan.location },
      etcd: { endpoints: plan.etcdEndpoints },
      postgres: {
        binDir: plan.binDir,
        dataDir: files.dataDir,
        listen: `${ports.host}:${ports.postgresPort}`,
        superuser: { username: 'postgres', passwordFile: secret('superuser.password', plan.superuserPassword) },
        replication: { username: 'replicator', passwordFile: secret('replication.password', plan.replicationPassword) },
        // What a killed server leaves of its shared memory lies in its data directory, and goes with it.
        parameters: { dynamic_shared_memory_type: 'mmap', ...plan.parameters },
        hba: [`host all,replication all ${plan.network} scram-sha-256`],
      },
      api: { listen: `${ports.host}:${ports.apiPort}` },
      state: files.stateDir,
      notify: notifySection(plan),
      shared: plan.shared,
    }),
    owner,
  );
  return files;
}

/** Its probe logs in as `baton_probe`, with the superuser's password, once somebody has created that role. */
function writeObserverConfig(plan: MemberPlan, files: MemberFiles): void {
  const passwordFile = writeOwned(join(plan.directory, 'probe.password'), `${plan.superuserPassword}\n`, plan.owner);
  writeOwned(
    files.configFile,
    stringify({
      cluster: plan.cluster,
      member: { name: plan.name, location: plan.location, role: 'observer' },
      etcd: { endpoints: plan.etcdEndpoints },
      probe: { username: 'baton_probe', passwordFile },
      api: { listen: `${files.host}:${files.apiPort}` },
      state: files.stateDir,
      notify: notifySection(plan),
    }),
    plan.owner,
  );
}

const notifySection = ({ notify, directory, owner }: MemberPlan): object => ({
  ...notify,
  secrets: Object.fromEntries(
    Object.entries(notify.secrets ?? {}).map(([name, value]) => [
      name,
      writeOwned(join(directory, `${name}.secret`), `${value}\n`, owner),
    ]),
  ),
});

export function makeDirectory(path: string, mode: number, owner: Owner): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode); // Whatever the umask says.
  chownSync(path, owner.uid, owner.gid);
}

function writeOwned(path: string, content: string, owner: Owner): string {
  writeFileSync(path, content, { mode: 0o600 });
  chownSync(path, owner.uid, owner.gid);
  return path;
}
