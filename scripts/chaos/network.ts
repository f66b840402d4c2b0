/** The network of a chaos cluster: a bridge, and one network namespace with one address for every host. */
import { spawnSync } from 'node:child_process';

/** Which packets of a host get lost. It always hears itself. */
export interface Cut {
  /** Addresses of the other side; everybody when left out. */
  readonly peers?: readonly string[];
  /** As the host sees it: what it receives, what it sends. */
  readonly direction: 'both' | 'in' | 'out';
  /** `reject` resets connections, so that both sides notice at once. */
  readonly how: 'drop' | 'reject';
}

const prefix = '10.77.0';
const ownAddress = `${prefix}.254`;
const commandLimitMs = 30_000;
/** Networks that this process made: the kernel takes a moment to remove the links of the one before. */
let networksMade = 0;
const emptyRules = [
  'table inet chaos {',
  'chain in { type filter hook input priority 0; policy accept; }',
  'chain out { type filter hook output priority 0; policy accept; }',
  '}',
].join('\n');

export const network = `${prefix}.0/24`;
export const namespaceFile = (host: string): string => `/run/netns/${host}`;

export class Network {
  readonly #addresses = new Map<string, string>();
  readonly #number = networksMade++;
  /** Ends of cables that somebody else carries. */
  readonly #outlets: string[] = [];

  /** Only inside an enclosure: the names and the addresses are not unique. */
  constructor(hosts: readonly string[]) {
    run(
      'ip',
      ['-batch', '-'],
      ['link add br0 type bridge', `addr add ${ownAddress}/24 dev br0`, 'link set br0 up'].join('\n'),
    );
    for (const [index, host] of hosts.entries()) this.#add(host, index + 1);
  }

  address(host: string): string {
    const found = this.#addresses.get(host);
    if (found === undefined) throw new Error(`no host ${host}, there are: ${[...this.#addresses.keys()].join(' ')}`);
    return found;
  }

  addresses(hosts: readonly string[]): readonly string[] {
    return hosts.map((host) => this.address(host));
  }

  /** Adds to what is cut already. Takes a few milliseconds. */
  cut(host: string, { peers, direction, how }: Cut): void {
    const side = (chain: 'in' | 'out', interfaceOf: string, addressOf: string): readonly string[] => {
      if (direction !== 'both' && direction !== chain) return [];
      const others = peers === undefined ? '' : `ip ${addressOf} { ${peers.join(', ')} }`;
      const rule = (what: string) => `add rule inet chaos ${chain} ${interfaceOf} != "lo" ${others} ${what}`;
      return how === 'drop' ? [rule('drop')] : [rule('meta l4proto tcp reject with tcp reset'), rule('drop')];
    };
    this.#rules(host, [...side('in', 'iifname', 'saddr'), ...side('out', 'oifname', 'daddr')]);
  }

  heal(host: string): void {
    this.#rules(host, ['flush table inet chaos']);
  }

  healAll(): void {
    for (const host of this.#addresses.keys()) this.heal(host);
  }

  /**
   * Takes the cable of a host out of the switch. Two interfaces between which somebody has to carry frames from now on:
   * the host's side and the switch's.
   */
  unplug(host: string): readonly [string, string] {
    const number = Number(this.address(host).split('.').at(-1));
    const [cable, outlet, port] = ['v', 'j', 'k'].map((kind) => this.#link(kind, number)) as [string, string, string];
    const changes = [
      `link add ${outlet} type veth peer name ${port}`,
      `link set ${port} master br0 up`,
      `link set ${outlet} up`,
      `link set ${cable} nomaster`,
    ];
    // This machine itself must not answer what it only carries.
    const deaf = (device: string): readonly string[] => [
      `table netdev late_${device.replace('-', '_')} {`,
      `chain in { type filter hook ingress device "${device}" priority 0; policy drop; }`,
      '}',
    ];
    run('ip', ['-batch', '-'], changes.join('\n'));
    run('nft', ['-f', '-'], [...deaf(cable), ...deaf(outlet)].join('\n'));
    this.#outlets.push(outlet);
    return [cable, outlet];
  }

  remove(): void {
    for (const outlet of this.#outlets.splice(0)) run('ip', ['link', 'del', outlet]);
    for (const host of this.#addresses.keys()) run('ip', ['netns', 'del', host]);
    run('ip', ['link', 'del', 'br0']);
    this.#addresses.clear();
  }

  #link(kind: string, number: number): string {
    return `${kind}${this.#number}-${number}`;
  }

  #add(host: string, number: number): void {
    const address = `${prefix}.${number}`;
    const link = this.#link('v', number);
    const outside = [
      `netns add ${host}`,
      `link add ${link} type veth peer name eth0 netns ${host}`,
      `link set ${link} master br0 up`,
    ];
    run('ip', ['-batch', '-'], outside.join('\n'));
    const inside = [`addr add ${address}/24 dev eth0`, 'link set lo up', 'link set eth0 up'];
    run('ip', ['-n', host, '-batch', '-'], inside.join('\n'));
    this.#addresses.set(host, address);
    this.#rules(host, [emptyRules]);
  }

  #rules(host: string, lines: readonly string[]): void {
    run('nsenter', [`--net=${namespaceFile(host)}`, 'nft', '-f', '-'], lines.join('\n'));
  }
}

function run(command: string, args: readonly string[], input = ''): void {
  const ran = spawnSync(command, args, { input: `${input}\n`, encoding: 'utf8', timeout: commandLimitMs });
  if (ran.status === 0) return;
  throw new Error(`${command} ${args.join(' ')}: ${ran.stderr || ran.error?.message || ran.signal}\n${input}`);
}
