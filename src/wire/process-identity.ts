/** The content of a pid file: a process that cannot be mistaken for a later one with the same pid. */
import { z } from 'zod';

const identity = z.object({ pid: z.int().positive(), startTicks: z.int().nonnegative() });

export const formatIdentity = (of: z.infer<typeof identity>): string =>
  `${JSON.stringify({ pid: of.pid, startTicks: of.startTicks })}\n`;

/** Throws on anything else than what `formatIdentity` wrote. */
export const parseIdentity = (text: string): z.infer<typeof identity> => identity.parse(JSON.parse(text));
