/**
 * What PostgreSQL stores of a password. It is made here, so that the password itself is in no statement, and therefore in
 * no log of the server.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const iterations = 4096;
const saltBytes = 16;
const keyBytes = 32;

export const scramVerifier = (password: string): string => verifierWith(password, iterations, randomBytes(saltBytes));

/** Whether the stored verifier was made of this password. */
export function isVerifierOf(stored: string, password: string): boolean {
  const match = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$/.exec(stored);
  if (match?.[1] === undefined || match[2] === undefined) return false;
  return verifierWith(password, Number(match[1]), Buffer.from(match[2], 'base64')) === stored;
}

function verifierWith(password: string, rounds: number, salt: Buffer): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, keyBytes, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
