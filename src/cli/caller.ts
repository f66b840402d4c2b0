/** Who asks, for the record: `user@host`. The person behind sudo, where there is one. */
export function callerName(env: Readonly<Record<string, string | undefined>>, uid: number, host: string): string {
  const user = [env['SUDO_USER'], env['USER'], env['LOGNAME']].find((name) => name !== undefined && name.trim() !== '');
  return `${(user ?? `uid-${uid}`)
    .trim()
    .replaceAll(/[^\w.+-]/g, '_')
    .slice(0, 64)}@${host}`;
}
