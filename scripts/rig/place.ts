/** Where a process of a rig runs, when that is more than a loopback address: a host with an address of its own. */
export type Command = [string, ...string[]];

export interface Place {
  /** On which it listens and is dialled. */
  readonly address: string;
  /** The command as it is to be run so that it runs there. It keeps its process id. */
  enter(command: Command): Command;
  /** PostgreSQL's programs there, and what batond finds in its environment; the usual ones by default. */
  readonly binDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called once, when the member's directory is there: where its data will be, below it. */
  dataDir?(memberDirectory: string): string;
}

/** Who else may dial: the rig's clients and the other members. */
export interface Places {
  readonly network: string;
  member(name: string): Place;
  etcd(index: number): Place;
  /** Called when every process has ended, before the directories are removed. */
  vacate?(): void;
}
