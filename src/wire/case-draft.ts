/** What people send to be added to an incident. Strict and bounded: it is kept for years, on every member. */
import { z } from 'zod';
import type { CaseDraft } from '../core/sla/case/draft.ts';

const lineMax = 1_000;
const pageMax = 4_000;
const by = z.string().trim().min(1).max(200);
const text = (lengthMax: number) => z.string().trim().min(1).max(lengthMax);
const remark = z.string().trim().max(lineMax).default('');

type Bodies = { readonly [Kind in Exclude<CaseDraft['kind'], 'action-done'>]: z.ZodType<CaseBody> };

/** Who adds what. */
export interface CaseBody {
  readonly by: string;
  readonly draft: CaseDraft;
}

export const caseBodies: Bodies = {
  acknowledged: z
    .strictObject({ by, note: remark })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'acknowledged', ...rest } })),
  note: z
    .strictObject({ by, text: text(pageMax) })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'note', ...rest } })),
  cause: z
    .strictObject({ by, trigger: text(lineMax), rootCause: text(2 * lineMax), factors: z.array(text(lineMax)).max(10) })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'cause', ...rest } })),
  action: z
    .strictObject({ by, text: text(lineMax), owner: text(200), due: z.iso.date() })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'action', ...rest } })),
  review: z
    .strictObject({ by, text: text(pageMax) })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'review', ...rest } })),
  'signed-off': z
    .strictObject({ by, note: remark })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'signed-off', ...rest } })),
  amended: z
    .strictObject({
      by,
      reason: remark,
      changes: z
        .array(z.strictObject({ field: text(60), from: z.string().max(8_000), to: z.string().max(8_000) }))
        .min(1)
        .max(20),
    })
    .transform(({ by: who, ...rest }) => ({ by: who, draft: { kind: 'amended', ...rest } })),
};

/** The action is the one of the path. */
export const actionDoneBody: z.ZodType<{ readonly by: string; readonly note: string }> = z.strictObject({
  by,
  note: remark,
});
