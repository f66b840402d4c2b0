/** A shorter beginning says too little about what was meant. */
const begunLengthMin = 4;

/** The known name that somebody probably meant, or null when nothing is close. */
export function nearest(name: string, known: readonly string[]): string | null {
  const distanceMax = Math.max(2, Math.floor(name.length / 3));
  const begun = known.find((candidate) => name.length >= begunLengthMin && candidate.startsWith(name));
  if (begun !== undefined) return begun;
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= distanceMax && distance < candidate.length && (best === null || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name ?? null;
}

/** Insertions, deletions and replacements that turn one into the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
