/** What a guardian must know to begin: a file that batond writes (0600) and names on its command line. */
import { z } from 'zod';

const absolutePath = z.string().startsWith('/');

export const guardianSpec = z.strictObject({
  version: z.literal(1),
  cluster: z.string().min(1),
  member: z.string().min(1),
  /** Socket, pid file, lease id and logs live here. */
  stateDir: absolutePath,
  dataDir: absolutePath,
  etcd: z.strictObject({
    endpoints: z.array(z.url()).min(1),
    /** PEM files. */
    tls: z.strictObject({ ca: absolutePath, cert: absolutePath.optional(), key: absolutePath.optional() }).optional(),
    /** The password is the first line of a file: the spec holds no secret. */
    auth: z.strictObject({ username: z.string().min(1), passwordFile: absolutePath }).optional(),
  }),
});
export type GuardianSpec = z.infer<typeof guardianSpec>;
