import { spawnSync } from 'node:child_process';

/** Inside the namespace all that comes, or goes, is dropped; or the cable itself is dead. */
export type Hole = 'upstream' | 'downstream' | 'both' | 'link down';

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) {
    throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? stderr.trim()}`);
  }
  return stdout;
}

/** A network namespace of its own at the end of a cable, in which packets can be made to vanish. */
export class Network {
  private readonly name = `heartwire-${process.pid}`;
  private readonly cable = `hw${process.pid}`;
  private readonly subnet = `198.18.${process.pid % 256}`;

  /** Where the other side of the cable is. */
  readonly host = `${this.subnet}.2`;
  /** What runs a program over there. */
  readonly launcher: readonly string[] = ['ip', 'netns', 'exec', this.name];

  private constructor() {}

  /** @throws Error where it needs more rights, or tools that are missing. */
  static create(): Network {
    if (process.platform !== 'linux') throw new Error('it needs Linux');
    if (process.getuid?.() !== 0) throw new Error('it needs root');
    run('nft', '--version');
    const network = new Network();
    try {
      network.connect();
    } catch (error) {
      network.remove();
      throw error;
    }
    return network;
  }

  open(hole: Hole): void {
    if (hole === 'link down') {
      run('ip', 'link', 'set', this.cable, 'down');
      return;
    }
    const hooks = hole === 'both' ? ['input', 'output'] : [hole === 'upstream' ? 'input' : 'output'];
    this.inside('nft', 'add', 'table', 'ip', 'holes');
    for (const hook of hooks) {
      const chain = `{ type filter hook ${hook} priority 0 ; policy drop ; }`;
      this.inside('nft', 'add', 'chain', 'ip', 'holes', hook, chain);
    }
  }

  heal(): void {
    run('ip', 'link', 'set', this.cable, 'up');
    this.inside('nft', 'flush', 'ruleset');
  }

  /** The cable goes with the namespace. */
  remove(): void {
    spawnSync('ip', ['link', 'delete', this.cable]);
    spawnSync('ip', ['netns', 'delete', this.name]);
  }

  private connect(): void {
    const { cable, name, subnet, host } = this;
    run('ip', 'netns', 'add', name);
    run('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    run('ip', 'address', 'add', `${subnet}.1/30`, 'dev', cable);
    run('ip', 'link', 'set', cable, 'up');
    this.inside('ip', 'address', 'add', `${host}/30`, 'dev', 'eth0');
    this.inside('ip', 'link', 'set', 'eth0', 'up');
    this.inside('ip', 'link', 'set', 'lo', 'up');
  }

  private inside(command: string, ...args: readonly string[]): void {
    run('ip', 'netns', 'exec', this.name, command, ...args);
  }
}

/** Why there can be no namespaces here; `undefined` where there can. */
export function whyNoNetwork(): string | undefined {
  try {
    Network.create().remove();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
