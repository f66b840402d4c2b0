/** The fields that occur in several documents, as schemas that give the core's branded types. */
import { z } from 'zod';
import {
  type CopyId,
  type LeaseId,
  type Lsn,
  lsn,
  type MemberName,
  parseLsn,
  type Revision,
  revision,
  type Timeline,
  wallMs,
} from '../core/units.ts';

/** Cluster and member names end up in slot names, file names and `synchronous_standby_names`, unquoted. */
export const namePattern = /^[a-z][a-z0-9-]{0,19}$/;
export const nameRule = 'a lower-case letter, then up to 19 lower-case letters, digits or dashes';

export const memberField = branded<MemberName>(z.string().regex(namePattern, `not a member name: ${nameRule}`));

export const copyField = branded<CopyId>(
  z.string().regex(/^[0-9a-z]{1,32}$/, 'not a copy id: 1 to 32 lower-case letters and digits'),
);

/** An etcd lease is a signed 64-bit number; text, because JSON numbers end at 2^53. */
export const leaseField = branded<LeaseId>(
  z.string().regex(/^-?[0-9]{1,19}$/, 'not a lease id: a decimal number as text'),
);

/** PostgreSQL's own numbers start at 1 and are 32 bits. */
export const timelineField = branded<Timeline>(z.number().int().min(1).max(0xffff_ffff));

export const revisionField: z.ZodType<Revision> = z
  .number()
  .int()
  .min(0)
  .transform((value) => revision(value));

/** `16/B374D848`. */
export const lsnTextField: z.ZodType<Lsn> = z
  .string()
  .regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i, 'not an LSN, expected like 16/B374D848')
  .transform(parseLsn);

/** Patroni's decimal integer, or text beyond 2^53. */
export const lsnField: z.ZodType<Lsn> = z.union(
  [
    z
      .number()
      .int()
      .min(0)
      .transform((value) => lsn(BigInt(value))),
    lsnTextField,
  ],
  'not an LSN: a decimal integer below 2^53, or text like 16/B374D848',
);

/** RFC 3339 with a zone, as milliseconds since the epoch. */
export const instantField = z.iso.datetime({ offset: true }).transform((text) => wallMs(Date.parse(text)));

export const memberStateField = z.enum([
  'starting',
  'initdb',
  'cloning',
  'rewinding',
  'running',
  'streaming',
  'stopping',
  'stopped',
  'crashed',
  'unfit',
]);

/** What the checks of a schema have let through has the type. A transformation that changes nothing would cost as much as the checks. */
function branded<T extends string | number>(schema: z.ZodType<string> | z.ZodType<number>): z.ZodType<T> {
  return schema as unknown as z.ZodType<T>;
}
