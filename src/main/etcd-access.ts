/** The `etcd` section of the configuration as the adapter takes it: with the contents of the files that it names. */
import { readFile } from 'node:fs/promises';
import type { EtcdAccess } from '../adapters/etcd/access.ts';
import type { BatonConfig } from '../config/schema.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { err, ok, type Result } from '../core/result.ts';

/** `owners`: the users that may own the secret files. The error names the key and the file, never a content. */
export async function readEtcdAccess(
  { endpoints, tls, auth }: Pick<BatonConfig['etcd'], 'endpoints' | 'tls' | 'auth'>,
  owners: readonly number[],
): Promise<Result<EtcdAccess, string>> {
  let password: string | null = null;
  if (auth !== undefined) {
    const secret = await readSecretFile(auth.passwordFile, owners);
    if (!secret.ok) return err(`etcd.auth.passwordFile: ${secret.error.problem} (${secret.error.mend})`);
    password = secret.value;
  }
  try {
    return ok({
      endpoints,
      ...(tls === undefined
        ? {}
        : {
            tls: {
              ca: await readFile(tls.ca),
              ...(tls.cert === undefined ? {} : { cert: await readFile(tls.cert) }),
              ...(tls.key === undefined ? {} : { key: await readFile(tls.key) }),
            },
          }),
      ...(auth === undefined || password === null ? {} : { auth: { username: auth.username, password } }),
    });
  } catch (thrown) {
    return err(`etcd.tls: ${(thrown as Error).message}`);
  }
}
