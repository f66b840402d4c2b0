/** Reads JSON text that somebody else wrote against a schema; what is wrong with it is a value, never an exception. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';

/** How much of a problem is worth carrying around: a hostile document cannot fill a journal. */
const problemLengthMax = 500;

/** The error is one line: every field that is wrong and how, without the key's or file's name. */
export function readJson<T>(schema: z.ZodType<T>, text: string): Result<T, string> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return err(`not JSON: "${text.slice(0, 40)}"`);
  }
  return readValue(schema, document);
}

export function readValue<T>(schema: z.ZodType<T>, value: unknown): Result<T, string> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    const path = z.core.toDotPath(issue.path);
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  return err(problems.join('; ').slice(0, problemLengthMax));
}
