/** The configuration file of an observer (`member.role: observer`): what a member has, without PostgreSQL and what is shared. */
import { z } from 'zod';
import { type ConfigProblem, valueAt } from './problem.ts';
import { clusterName, commonShape, etcdSchema, memberIdentity, roleSchema } from './schema.ts';

export const observerSchema = z.strictObject({
  cluster: clusterName,
  member: z
    .strictObject({ ...memberIdentity, role: z.literal('observer').describe('observer: measures, without PostgreSQL') })
    .describe('who this observer is'),
  etcd: etcdSchema,
  probe: roleSchema(
    'the role that its probe logs in as: any that clients may be, and no superuser; {username, passwordFile}',
    'baton_probe',
  ),
  ...commonShape,
});

export type ObserverConfig = z.output<typeof observerSchema>;

/** Sections of a member with PostgreSQL: somebody took a member's file and changed its role. */
export function foreignSections(document: unknown): readonly ConfigProblem[] {
  const dataDir = valueAt(document, ['postgres', 'dataDir']);
  const postgres = valueAt(document, ['postgres']);
  const shared = valueAt(document, ['shared']);
  return [
    ...(postgres === undefined
      ? []
      : [
          {
            path: dataDir === undefined ? 'postgres' : 'postgres.dataDir',
            problem: 'is given, and an observer (member.role) has no PostgreSQL',
            mend: 'remove the postgres section; what the probe logs in as is the section probe. Or make it role: data',
          },
        ]),
    ...(shared === undefined
      ? []
      : [
          {
            path: 'shared',
            problem: 'is given, and an observer takes what is shared from etcd',
            mend: 'remove it: the members with PostgreSQL write it',
          },
        ]),
  ];
}

/** Without what `foreignSections` tells of. */
export function withoutForeignSections(document: unknown): unknown {
  const { postgres: _postgres, shared: _shared, ...own } = document as Readonly<Record<string, unknown>>;
  return own;
}
