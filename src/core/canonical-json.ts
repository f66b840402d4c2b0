/**
 * One text per value: keys sorted by UTF-16 code units, no spaces, numbers and strings as JSON.stringify writes them
 * (RFC 8785 for everything that JSON.parse can return). Properties that are undefined are left out. Throws TypeError
 * for what is not JSON: hashes are made of this text.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    let text = '';
    for (const key of Object.keys(fields).sort()) {
      const entry = fields[key];
      if (entry !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(entry)}`;
    }
    return `{${text}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is not JSON`);
  const kind = typeof value;
  if (value === null || kind === 'string' || kind === 'number' || kind === 'boolean') return JSON.stringify(value);
  throw new TypeError(`a ${kind} is not JSON`);
}
