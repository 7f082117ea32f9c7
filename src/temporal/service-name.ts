/** Name of the embedded service: its address may change from one start to the next. */
export const EMBEDDED_SERVICE = 'embedded';

/** Name of a service as the folders of this host's steps know it: several may use one state folder. */
export function serviceName(settings: { address: string; namespace: string }): string {
  return `${settings.address}/${settings.namespace}`;
}
