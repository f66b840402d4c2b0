/** What went wrong, in one line: the cause that fetch hides, and the codes that people search for. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause instanceof Error) return errorText(thrown.cause);
  const { code } = thrown as NodeJS.ErrnoException;
  const text = thrown.message.replaceAll(/\s+/g, ' ').trim();
  const whole = code === undefined || text.includes(code) ? text : `${text} (${code})`;
  return whole === '' ? 'unknown' : whole.slice(0, 400);
}
