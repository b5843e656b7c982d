/** Whether a config says `remote: none`, by its text: to read it all takes longer than a prompt may. */
export function saysNoRemote(text: string): boolean {
  return /^(?:remote:|remote:.*\burl:|[ \t]+url:)[ \t]*(["']?)none\1(?=[\s,}#]|$)/m.test(text);
}
