/** Which writes a quiet cluster may make, by DESIGN section 5: a member's own key and the leader's `status`, every 10 s. */

/** Of one key of the cluster: how often it was written, and whether it was made or deleted meanwhile. */
export interface KeyVersion {
  readonly key: string;
  readonly createRevision: number;
  /** Writes since it was made. */
  readonly version: number;
}

export interface KeyWrites {
  readonly key: string;
  readonly writes: number;
}

const positionsEverySeconds = 10;
const mayMove = /^(members\/[^/]+|status)$/;

/** What was written between the two readings, most first. A key that was made anew counts with all its writes. */
export function writesBetween(before: readonly KeyVersion[], after: readonly KeyVersion[]): readonly KeyWrites[] {
  const known = new Map(before.map((one) => [one.key, one]));
  const written = after.map(({ key, createRevision, version }) => {
    const old = known.get(key);
    return { key, writes: version - (old?.createRevision === createRevision ? old.version : 0) };
  });
  const deleted = before
    .filter(({ key }) => after.every((one) => one.key !== key))
    .map(({ key }) => ({ key, writes: 1 }));
  return [...written, ...deleted].filter(({ writes }) => writes > 0).toSorted((a, b) => b.writes - a.writes);
}

/** Writes beyond what is asked for, in that many seconds; the window may begin anywhere between two of them. */
export const unaskedWrites = (written: readonly KeyWrites[], seconds: number): readonly KeyWrites[] =>
  written.filter(
    ({ key, writes }) => writes > (mayMove.test(key) ? Math.floor(seconds / positionsEverySeconds) + 1 : 0),
  );
