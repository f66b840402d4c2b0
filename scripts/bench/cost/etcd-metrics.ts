/** etcd's own metrics (GET /metrics, in Prometheus' text format), and what lies between two readings of them. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export const samplesOf = (text: string): readonly Sample[] =>
  text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(label)].map(([, key, text]) => [key, text] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });

/** Of one name, by the value of one label. */
export function sumsBy(samples: readonly Sample[], name: string, by: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { name: its, labels, value } of samples)
    if (its === name) sums.set(labels[by] ?? '', (sums.get(labels[by] ?? '') ?? 0) + value);
  return sums;
}

export const totalOf = (samples: readonly Sample[], name: string): number =>
  samples.filter((sample) => sample.name === name).reduce((total, { value }) => total + value, 0);

/** What grew, by how much; what was not there before counts from 0. */
export const grown = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> =>
  new Map(
    [...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const).filter(([, growth]) => growth > 0),
  );
