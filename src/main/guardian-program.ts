import { fileURLToPath } from 'node:url';
import type { GuardianProgram } from '../adapters/guardian/spawn-guardian.ts';
import type { BatonConfig } from '../config/schema.ts';
import { nodeEnvironment, nodeFlags } from './node-flags.ts';

/** How batond starts the guardian of this configuration. */
export function guardianProgram(config: BatonConfig): GuardianProgram {
  const { endpoints, tls, auth } = config.etcd;
  return {
    node: process.execPath,
    nodeFlags,
    nodeEnvironment,
    entry: fileURLToPath(new URL('./guardian.ts', import.meta.url)),
    spec: {
      version: 1,
      cluster: config.cluster,
      member: config.member.name,
      stateDir: config.state,
      dataDir: config.postgres.dataDir,
      etcd: {
        endpoints: [...endpoints],
        ...(tls === undefined ? {} : { tls }),
        ...(auth === undefined ? {} : { auth }),
      },
    },
  } as GuardianProgram;
}
