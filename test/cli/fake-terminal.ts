import { plain, type Terminal } from '../../src/cli/terminal.ts';

/** A terminal that remembers. `says` answers a question; null means that nobody can be asked. */
export class FakeTerminal implements Terminal {
  readonly output: string[] = [];
  readonly errors: string[] = [];
  readonly asked: string[] = [];
  readonly paint = plain;
  readonly interactive: boolean;
  private readonly says: boolean | null;

  constructor(says: boolean | null = null) {
    this.says = says;
    this.interactive = says !== null;
  }

  out(text: string): void {
    this.output.push(text);
  }

  err(text: string): void {
    this.errors.push(text);
  }

  redraw(): void {
    this.output.push('<redraw>');
  }

  async confirm(question: string): Promise<boolean> {
    this.asked.push(question);
    return this.says === true;
  }

  get stdout(): string {
    return this.output.join('\n');
  }

  get stderr(): string {
    return this.errors.join('\n');
  }
}
