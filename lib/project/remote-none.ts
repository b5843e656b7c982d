/**
 * Tells whether a config has `remote: none`, without a YAML parser, which would slow down a shell prompt. Returns
 * undefined if only a parser can tell: for quotes, braces, values on several lines, and the like.
 */
export function isRemoteNone(text: string): boolean | undefined {
  if (!/none|\\/.test(text)) return false;
  // without quotes, this removes only comments
  const bare = text.replace(/(^|[ \t])#.*$/gm, "");
  if (/["'{}[\]|>&*!%?\\]|^(?:---|\.\.\.)/m.test(bare)) return undefined;
  const lines = bare.split(/\r?\n/).filter((line) => line.trim() !== "");
  const at = lines.findIndex((line) => /^remote:[ \t]+none[ \t]*$/.test(line));
  // an indented line would continue the value
  return at !== -1 && !/^[ \t]/.test(lines[at + 1] ?? "") ? true : undefined;
}
