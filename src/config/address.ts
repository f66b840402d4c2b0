/** `host:port`, IPv6 in brackets. */
import { z } from 'zod';
import { fieldProblem } from './problem.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const pattern = /^(?:\[([0-9a-fA-F:.%]+)\]|([A-Za-z0-9_.-]+|\*)):([0-9]{1,5})$/;

export function parseAddress(text: string): Address | null {
  const [, hostInBrackets, host, digits] = pattern.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) return null;
  return { host: hostInBrackets ?? host ?? '', port };
}

export const addressText = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Listening there takes connections on every interface: nobody can dial it by that name. */
export const isWildcard = ({ host }: Address): boolean => ['0.0.0.0', '::', '*'].includes(host);

export const address = () =>
  z.string().transform((text, context) => {
    const parsed = parseAddress(text);
    if (parsed !== null) return parsed;
    context.addIssue(
      fieldProblem(`"${text}" is not host:port`, 'write a host and a port, like 10.0.0.11:5432 or [fd00::11]:5432'),
    );
    return z.NEVER;
  });
