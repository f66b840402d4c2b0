/**
 * What the specification of OpenSLO v1 asks of the documents that are exported: Service, DataSource and SLO with an
 * indicator of its own. Written from its text and its schemas; https://github.com/OpenSLO/OpenSLO.
 */
import { z } from 'zod';

const name = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const word = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
/** A plain word, or one behind a DNS name and a slash. */
const annotationKey = z.string().regex(/^(([a-z0-9-]+\.)+[a-z0-9-]+\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const metadata = z.strictObject({
  name,
  displayName: z.string().min(1).optional(),
  labels: z.record(z.string(), z.union([word, z.array(word)])).optional(),
  annotations: z.record(annotationKey, word).optional(),
});
const description = z.string().max(1_050).optional();
const duration = z.string().regex(/^[1-9]\d*[mhdwMQY]$/);

const metric = z.strictObject({
  metricSource: z.strictObject({
    metricSourceRef: name.optional(),
    type: z.string().optional(),
    spec: z.record(z.string(), z.unknown()),
  }),
});
const ratio = z
  .strictObject({ counter: z.boolean(), good: metric.optional(), bad: metric.optional(), total: metric })
  .refine(({ good, bad }) => (good === undefined) !== (bad === undefined), 'either good or bad');
const indicator = z.strictObject({ metadata, spec: z.strictObject({ description, ratioMetric: ratio }) });

const timeWindow = z.union([
  z.strictObject({ duration, isRolling: z.literal(true) }),
  z.strictObject({
    duration,
    isRolling: z.literal(false),
    calendar: z.strictObject({
      startTime: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      timeZone: z.string().refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC'),
    }),
  }),
]);

/** `op` and `value` belong to thresholds, slices to the methods that have them. */
const objective = z
  .strictObject({
    displayName: z.string().optional(),
    target: z.number().min(0).lt(1).optional(),
    targetPercent: z.number().min(0).lt(100).optional(),
  })
  .refine(({ target, targetPercent }) => (target === undefined) !== (targetPercent === undefined), 'one target');

const slo = z.strictObject({
  description,
  service: name,
  indicator,
  timeWindow: z.array(timeWindow).length(1),
  budgetingMethod: z.literal('Occurrences'),
  objectives: z.array(objective).min(1),
  alertPolicies: z.array(z.unknown()).optional(),
});
const dataSource = z.strictObject({
  description,
  type: z.string().min(1),
  connectionDetails: z.record(z.string(), z.unknown()),
});

const kindOf = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: z.literal('openslo/v1'), kind: z.literal(kind), metadata, spec });
const documentSchema = z.discriminatedUnion('kind', [
  kindOf('Service', z.strictObject({ description })),
  kindOf('DataSource', dataSource),
  kindOf('SLO', slo),
]);

/** Each with its path; empty when the document is one. */
export function openSloProblems(document: unknown): readonly string[] {
  const read = documentSchema.safeParse(document);
  return read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
