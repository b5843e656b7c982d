import type { RemoteObject } from "./types.js";

/** Who wrote what this host has not seen, and when. */
export function remoteChanged({ host, modified }: RemoteObject, url: string): string {
  const who = host === undefined ? "Somebody" : `The host ${host}`;
  const when = `${modified.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${who} wrote ${url} on ${when}, and this host has not seen that`;
}
