import { z } from 'zod';

/** The id of something that other parts of the configuration, incidents and messages refer to. */
export const id = (what: string) =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'not an id')
    .describe(`${what}: a lower-case letter, then up to 39 lower-case letters, digits or dashes`);
