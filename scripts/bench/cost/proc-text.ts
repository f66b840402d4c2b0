/** What the kernel says of one process in /proc, read from its text. */

/** Of memory, in bytes. */
export interface Memory {
  readonly rss: number;
  /** Each page divided by how many processes have it: small where the machine runs the same program more often. */
  readonly pss: number;
  /** Not of any file: heaps and stacks, this process's alone. */
  readonly anonymous: number;
  /** Resident pages of files, by mapping (path and offset): the same for every process of one program. */
  readonly files: ReadonlyMap<string, number>;
}

const headLine = /^[0-9a-f]+-[0-9a-f]+ \S+ ([0-9a-f]+) \S+ \d+\s*(.*)$/;
const sizeLine = /^(Rss|Pss|Anonymous):\s+(\d+) kB$/;

/** From /proc/PID/smaps. */
export function memoryOf(smaps: string): Memory {
  const files = new Map<string, number>();
  let [rss, pss, anonymous] = [0, 0, 0];
  let mapping = '';
  for (const line of smaps.split('\n')) {
    const head = headLine.exec(line);
    if (head !== null) mapping = head[2]?.startsWith('/') === true ? `${head[2]}@${head[1]}` : '';
    const size = sizeLine.exec(line);
    if (size === null) continue;
    const bytes = Number(size[2]) * 1024;
    if (size[1] === 'Pss') pss += bytes;
    // What a file's page was written over with is this process's own, and is in both lines.
    const ofFile = size[1] === 'Rss' ? bytes : -bytes;
    if (mapping !== '' && size[1] !== 'Pss') files.set(mapping, (files.get(mapping) ?? 0) + ofFile);
    if (size[1] === 'Rss') rss += bytes;
    if (size[1] === 'Anonymous') anonymous += bytes;
  }
  return { rss, pss, anonymous, files };
}

/**
 * PSS of these processes together if no other process on the host shared a page with them: what they cost a host that
 * runs nothing else of Node's. Of a file's mapping the largest part counts once; that the others have pages of it that
 * this one has not is left out.
 */
export function aloneBytes(memories: readonly Memory[]): number {
  const shared = new Map<string, number>();
  for (const { files } of memories)
    for (const [mapping, bytes] of files) shared.set(mapping, Math.max(bytes, shared.get(mapping) ?? 0));
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  return sum(memories.map(({ anonymous }) => anonymous)) + sum(shared.values());
}

/** Clock ticks of processor time, all threads, own and the kernel's for it; from /proc/PID/stat. Throws on other text. */
export function cpuTicksOf(stat: string): number {
  // The name may hold blanks and parentheses: the fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, kernel] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isInteger(user) || !Number.isInteger(kernel)) throw new Error(`not /proc/PID/stat: ${stat.slice(0, 80)}`);
  return user + kernel;
}

/** How often a thread has gone to sleep, from its /proc/PID/task/TID/status. */
export const sleepsOf = (status: string): number =>
  Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
