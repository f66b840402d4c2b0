/** The desk of the demo's sites: takes their notices as a good receiver does, signature and all, and keeps each once. */
import { z } from 'zod';
import { signature } from '../../src/adapters/notify/webhook.ts';
import { HttpReceiver } from '../../test/support/http-receiver.ts';

export interface Heard {
  /** Of the site that it is for. */
  readonly site: string;
  readonly incident: string;
  readonly subject: string;
}

const eventSchema = z.object({
  data: z.object({
    audience: z.object({ id: z.string() }),
    incident: z.string(),
    subject: z.string(),
  }),
});

/** `secret` is what the daemons sign with. */
export class SitesDesk implements AsyncDisposable {
  readonly #receiver: HttpReceiver;
  readonly #secret: string;

  private constructor(receiver: HttpReceiver, secret: string) {
    this.#receiver = receiver;
    this.#secret = secret;
  }

  static async open(secret: string): Promise<SitesDesk> {
    return new SitesDesk(await HttpReceiver.start(), secret);
  }

  get url(): string {
    return this.#receiver.url;
  }

  /** What the sites heard of one incident, in the order in which it came. Throws for a message that nobody signed. */
  heardOf(incident: string): readonly Heard[] {
    return [...this.#receiver.taken.values()].flatMap(({ body, headers }) => {
      const timestamp = headers['x-baton-timestamp'] ?? '';
      if (headers['x-baton-signature'] !== signature(this.#secret, timestamp, body))
        throw new Error(`the sites were sent a message with a wrong signature: ${body}`);
      const { data } = eventSchema.parse(JSON.parse(body));
      return data.incident === incident ? [{ site: data.audience.id, incident, subject: data.subject }] : [];
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#receiver[Symbol.asyncDispose]();
  }
}
