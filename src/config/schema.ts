/** batond's configuration file: every key with its unit, default and documentation. Unknown keys are refused. */
import { isAbsolute, relative, resolve } from 'node:path';
import { z } from 'zod';
import { segmentBytesDefault } from '../core/ledger-segments.ts';
import { dayMs, KiB, MiB, minute } from '../core/units.ts';
import { address, isWildcard } from './address.ts';
import { smtpSchema } from './channel-schema.ts';
import { fieldProblem } from './problem.ts';
import { duration, size } from './quantity.ts';
import { parameters } from './reserved-parameters.ts';
import { id } from './shared-id.ts';
import { sharedSchema } from './shared-schema.ts';

/** The sockets under `state` have paths of at most 107 bytes; the longest name in it takes less than 30. */
const stateLengthMax = 77;

const name = (what: string) =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, 'not a name')
    .describe(`${what}: a lower-case letter, then up to 19 lower-case letters, digits or dashes`);

const absolutePath = (what: string) =>
  z
    .string()
    .refine((path) => isAbsolute(path) && !path.includes('\0'), {
      error: 'is not an absolute path',
      params: { mend: 'write it from the root, like /var/lib/baton' },
    })
    .transform((path) => resolve(path))
    .describe(what);

const secretFile = (what: string) => absolutePath(`path of a file whose first line is ${what}; mode 0600`);

export const memberIdentity = {
  name: name('the name of this member, unique in the cluster'),
  location: z.string().min(1).max(60).describe('the data centre that this host is in'),
};

const memberSchema = z
  .strictObject({
    ...memberIdentity,
    priority: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(100)
      .describe('who is preferred among equal candidates; more is better'),
    role: z
      .literal('data', 'neither data nor observer')
      .default('data')
      .describe('data: runs PostgreSQL; observer: measures at a third site, without PostgreSQL'),
    tags: z
      .strictObject({
        nofailover: z.boolean().default(false).describe('true: this member is never promoted'),
        nosync: z.boolean().default(false).describe('true: no commit waits for this member'),
        clonefrom: z.boolean().default(false).describe('true: others may clone from this member'),
      })
      .prefault({})
      .describe('what this member is not to be used for'),
  })
  .describe('who this member is');

export const etcdSchema = z
  .strictObject({
    endpoints: z
      .array(
        z
          .string()
          .regex(/^https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):[0-9]{1,5}\/?$/, 'not the URL of an etcd endpoint')
          .transform((url) => url.replace(/\/$/, ''))
          .describe('like http://10.0.0.21:2379'),
      )
      .min(1)
      .max(9)
      .describe('URLs of all members of etcd'),
    namespace: z
      .string()
      .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'not a namespace')
      .default('/service')
      .describe('what all keys begin with, before the name of the cluster; begins with / and does not end with it'),
    electionTimeout: duration(100, minute)
      .prefault('1s')
      .describe('what etcd itself runs with (--election-timeout); bounds shared.lease.ttl'),
    tls: z
      .strictObject({
        ca: absolutePath('path of the CA certificate that etcd is checked against'),
        cert: absolutePath("path of this host's client certificate").optional(),
        key: absolutePath("path of the client certificate's key; mode 0600").optional(),
      })
      .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), {
        error: 'has only one of cert and key',
        params: { mend: 'give both, or neither' },
      })
      .optional()
      .describe('certificates, for https endpoints: {ca, cert, key}'),
    auth: z
      .strictObject({
        username: z.string().min(1).describe('name of the user'),
        passwordFile: secretFile("the user's password"),
      })
      .optional()
      .describe("etcd's user: {username, passwordFile}"),
  })
  .superRefine((etcd, context) => {
    const secure = etcd.endpoints.filter((url) => url.startsWith('https:')).length;
    const mixed = secure !== 0 && secure !== etcd.endpoints.length;
    if (mixed) context.addIssue(fieldProblem('mix http and https', 'use one of them', ['endpoints']));
    if (secure === 0 && etcd.tls !== undefined)
      context.addIssue(
        fieldProblem('is given, but the endpoints are http', 'write https:// endpoints, or remove it', ['tls']),
      );
    if (secure > 0 && etcd.tls === undefined)
      context.addIssue(
        fieldProblem('is missing, and the endpoints are https', 'give the CA: tls: {ca: /path}', ['tls']),
      );
    if (new Set(etcd.endpoints).size !== etcd.endpoints.length)
      context.addIssue(fieldProblem('name one endpoint twice', 'remove one', ['endpoints']));
  })
  .describe('where etcd is');

export const roleSchema = (what: string, username: string) =>
  z
    .strictObject({
      username: z
        .string()
        .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'not the name of a role')
        .default(username)
        .describe('name of the role: lower-case letters, digits and underscores'),
      passwordFile: secretFile("the role's password"),
    })
    .describe(what);

const listenAndConnect = {
  listen: address().describe('host:port it listens on'),
  connect: address().optional().describe('host:port that others dial, when different from listen'),
};

const dialable = (
  at: {
    readonly listen: { readonly host: string; readonly port: number };
    readonly connect?: { readonly host: string; readonly port: number } | undefined;
  },
  context: z.core.$RefinementCtx,
): void => {
  const dialed = at.connect ?? at.listen;
  if (!isWildcard(dialed)) return;
  const path = at.connect === undefined ? 'listen' : 'connect';
  context.addIssue(
    fieldProblem(
      'is every interface, which nobody can dial',
      'give the address that others dial as connect: host:port',
      [path],
    ),
  );
};

const postgresSchema = z
  .strictObject({
    binDir: absolutePath("directory of PostgreSQL's programs, like /usr/lib/postgresql/15/bin"),
    dataDir: absolutePath('the data directory'),
    ...listenAndConnect,
    superuser: roleSchema('the superuser that Baton uses: {username, passwordFile}', 'postgres'),
    replication: roleSchema('the role that standbys stream with: {username, passwordFile}', 'replicator'),
    parameters: parameters().default({}).describe('settings for postgresql.conf, beside those that Baton sets itself'),
    hba: z
      .array(
        z
          .string()
          .regex(/^[^\r\n\0]+$/, 'has a line break')
          .describe('one line of pg_hba.conf'),
      )
      .max(1000)
      .default([])
      .describe('lines of pg_hba.conf for clients; Baton adds its own and replication'),
    clone: z
      .strictObject({
        method: z.literal('basebackup').default('basebackup').describe('basebackup: pg_basebackup from the leader'),
        maxRate: size(32 * KiB, 1024 * MiB)
          .optional()
          .describe('most that a clone may transfer in a second, like 50MiB'),
      })
      .prefault({})
      .describe('how a new copy of the data is made'),
    restoreCommand: z
      .string()
      .min(1)
      .regex(/^[^\r\n\0]+$/, 'has a line break')
      .optional()
      .describe("PostgreSQL's restore_command, for a standby that has fallen behind"),
    runAs: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'not a user name')
      .optional()
      .describe('operating system user for PostgreSQL; needed when batond is started as root'),
  })
  .superRefine(dialable)
  .describe('the PostgreSQL of this member');

const apiSchema = z.strictObject(listenAndConnect).superRefine(dialable).describe('the HTTP API');

const notifySchema = z
  .strictObject({
    secrets: z
      .record(id('the name of a secret'), secretFile('the secret'))
      .default({})
      .describe('files of the secrets that channels name: {NAME: /path}'),
    commands: z
      .record(
        id('the name of a command'),
        z
          .array(z.string().min(1).max(1000))
          .min(1)
          .max(50)
          .refine(([program = '']) => isAbsolute(program), {
            error: 'begins with no absolute path',
            params: { mend: 'write a list that begins with the program, like [/usr/local/bin/page, --urgent]' },
          })
          .describe('the program and its arguments, without a shell'),
      )
      .default({})
      .describe('programs that channels of kind command run: {NAME: [/path, argument, ...]}'),
    smtp: smtpSchema.optional().describe('the mail relay for channels of kind email that name none'),
  })
  .prefault({})
  .describe('what this host has for telling people; see shared.channels');

export const clusterName = name('the name of the cluster');

/** What every batond has beside these, whatever its member's role is. */
export const commonShape = {
  api: apiSchema,
  state: absolutePath('directory for sockets, journal and ledger')
    .refine((path) => Buffer.byteLength(path) <= stateLengthMax, {
      error: `is longer than ${stateLengthMax} bytes: the path of a socket in it would be too long`,
      params: { mend: 'choose a shorter path' },
    })
    .default('/var/lib/baton'),
  ledger: z
    .strictObject({
      keep: duration(400 * dayMs, 36_500 * dayMs)
        .prefault('3650d')
        .describe(
          'how long entries are kept at least, if there is room; not below 400d, for which etcd keeps incidents',
        ),
      maxSize: size(2 * segmentBytesDefault, 512 * MiB)
        .prefault('128MiB')
        .describe(
          'the oldest entries go when all are larger; from 32MiB, which is two files, to 512MiB, which is read through at every start',
        ),
    })
    .prefault({})
    .describe('how much of the outage ledger is kept on this host: {keep, maxSize}'),
  log: z
    .strictObject({
      level: z
        .enum(['error', 'warn', 'info', 'debug'])
        .default('info')
        .describe('least serious kind of line that is logged'),
      format: z.enum(['json', 'text']).default('json').describe('json for machines, text for people'),
    })
    .prefault({})
    .describe('what goes to standard error'),
  notify: notifySchema,
};

/** In the order of the file: what is missing is told in it. */
export const configSchema = z.strictObject({
  cluster: clusterName,
  member: memberSchema,
  etcd: etcdSchema,
  postgres: postgresSchema,
  ...commonShape,
  shared: sharedSchema.prefault({}),
});

export type BatonConfig = z.output<typeof configSchema>;

/** Whether `path` is `directory` or below it. */
export function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}
